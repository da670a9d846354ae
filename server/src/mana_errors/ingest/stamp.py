"""Report -> Event: what is fixed before the spool, so that a retry of ours changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from mana_errors.errors import InvalidReport
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.report import Report
from mana_errors.model.event import Event, JsonObject, Protocol, Severity, SourceType
from mana_errors.model.ids import uuid7, uuid7_millis

# Clocks of phones are wrong; an hour is more than any time zone mistake leaves unexplained.
MAX_FUTURE: Final = timedelta(hours=1)
# Namespace of the event ids made from an Idempotency-Key; random, fixed for ever.
_IDEMPOTENCY_NAMESPACE: Final = UUID("6f1d8a52-7c1e-4f8e-9b61-5b0a4a5d7f10")


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and age limit of events; a value, so that tests can stop it."""

    now: Callable[[], datetime]
    retention: timedelta


def system_clock(retention: timedelta) -> Clock:
    """The machine's clock, UTC."""
    return Clock(lambda: datetime.now(UTC), retention)


def stamp(report: Report, app_id: str, sender: Sender, clock: Clock, index: int = 0) -> Event:
    """Give a report of an app its id and times. `index` is its place in a batch.

    Raises InvalidReport for an occurredAt that is no ISO 8601 time.
    """
    received_at = clock.now()
    identifier, resendable = _identify(report, sender, app_id, index)
    occurred_at, dated, notes = _occurred(report, identifier, received_at, clock, resendable)
    return Event(
        id=identifier,
        occurred_at=occurred_at,
        received_at=received_at,
        app_id=app_id,
        error_code=report.error_code,
        error_type=report.error_type,
        message=report.message,
        protocol=sender.route.protocol,
        severity=report.severity or Severity.ERROR,
        stack_trace=report.stack_trace,
        source_type=report.source_type,
        service_name=report.service_name,
        user_id=sender.user_id or report.user_id or None,
        session_id=report.session_id,
        request_url=report.request_url,
        request_method=report.request_method,
        request_headers=report.request_headers,
        request_body=report.request_body,
        response_status_code=report.response_status_code,
        environment=report.environment or None,
        context=report.context,
        client_fingerprint=report.fingerprint or None,
        user_agent=report.user_agent or _own_agent(report, sender),
        browser_info=report.browser_info,
        device_info=report.device_info,
        release=report.release or None,
        tags=report.tags,
        payload=report.payload,
        resendable=resendable,
        dated=dated,
        notes=notes,
    )


def _own_agent(report: Report, sender: Sender) -> str | None:
    """The request's own user agent, where the user's browser made the request: servers report with
    the names of SDKs and collectors."""
    from_user = (
        sender.route.protocol is Protocol.NATIVE or report.source_type is SourceType.FRONTEND_WEB
    )
    return sender.user_agent if from_user else None


def _identify(report: Report, sender: Sender, app_id: str, index: int) -> tuple[UUID, bool]:
    if report.id is not None:
        return report.id, True
    if sender.idempotency_key is not None:
        name = f"{app_id}\0{sender.idempotency_key}\0{index}"
        return uuid5(_IDEMPOTENCY_NAMESPACE, name), True
    return uuid7(), False


def _occurred(
    report: Report,
    identifier: UUID,
    received_at: datetime,
    clock: Clock,
    resendable: bool,  # noqa: FBT001
) -> tuple[datetime, bool, JsonObject | None]:
    """occurred_at within bounds, whether it follows from the client's bytes alone, and a note."""
    if report.occurred_at is not None:
        said = _parse(report.occurred_at)
    elif resendable and (millis := uuid7_millis(identifier)) is not None:
        said = datetime.fromtimestamp(min(millis, _MAX_MILLIS) / 1000, UTC)
    else:
        return received_at, False, None
    earliest, latest = received_at - clock.retention, received_at + MAX_FUTURE
    if not earliest <= said <= latest:
        # Nobody's clock is right in the future: when it came is the better guess.
        best = earliest if said < earliest else received_at
        return best, False, {"occurredAt": report.occurred_at or str(identifier)}
    # A time ahead of ours may be clamped in one copy and not in the next.
    return said, resendable and said <= received_at, None


# datetime ends with the year 9999.
_MAX_MILLIS: Final = 253_402_300_799_000


def _parse(text: str) -> datetime:
    """ISO 8601 -> UTC; a time without zone is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidReport(
            f"occurredAt: expected an ISO 8601 time such as 2026-01-31T12:00:00Z, got {text[:40]!r}"
        ) from None
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        # Its zone moves the first or last day of the calendar past the end.
        return time.replace(tzinfo=UTC)
