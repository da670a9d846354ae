"""Sentry's requests: envelopes, single events and what browsers report by themselves."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from mana_errors import meters
from mana_errors.errors import BadRequest, ManaError, OverQuota, TooLarge, TooManyRequests
from mana_errors.ingest.answer import (
    Answer,
    json_headers,
    note_unexpected,
    reason,
    refusal_head,
    retry_after,
)
from mana_errors.ingest.discarded import Discarded
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.origins import HeaderList
from mana_errors.ingest.report import Report
from mana_errors.ingest.requests.native import limit_of_all
from mana_errors.ingest.requests.request import Draft, Prepared, Refused
from mana_errors.ingest.sentry.client_report import read_client_report
from mana_errors.ingest.sentry.coerce import name_of, without_empty
from mana_errors.ingest.sentry.envelope import Envelope, Item, read_envelope
from mana_errors.ingest.sentry.event import read_event
from mana_errors.ingest.sentry.items import KINDS
from mana_errors.ingest.sentry.security import named_in, read_security
from mana_errors.ingest.sentry.store import from_query, read_store
from mana_errors.model.event import JsonObject

# What a limit of ours stops; sessions, check-ins and the rest cost nothing here.
_LIMITED: Final = "default;error;security"
# Headers are Latin-1 and one line; proxies refuse long ones.
_MAX_HEADER: Final = 200
# Files of one event that are worth a line.
_MAX_ATTACHMENTS: Final = 30

_ATTACHMENT: Final = (
    ("filename", "filename"),
    ("contentType", "content_type"),
    ("type", "attachment_type"),
)
_encode: Final = msgspec.json.Encoder().encode


class SentryRequest:
    """Any request with Sentry's answers."""

    def __init__(
        self,
        drafts: Sequence[Draft],
        *,
        event_id: UUID | None = None,
        dsn: str | None = None,
        discarded: Sequence[Discarded] = (),
        flaws: Sequence[str] = (),
    ) -> None:
        self.drafts = drafts
        self.dsn = dsn
        self.discarded = discarded
        self._event_id = event_id
        # what cannot be read and is no draft
        self._flaws = flaws

    def answer(self, items: Sequence[Prepared], cors: HeaderList) -> Answer:
        """200; or, when something cannot be kept, why: the rest of the request is kept even so."""
        if (whole := limit_of_all(items)) is not None:
            return refusal(whole, cors)
        refused = [item.error for item in items if isinstance(item, Refused)]
        limits = [error for error in refused if isinstance(error, TooManyRequests)]
        errors = [error for error in refused if not isinstance(error, TooManyRequests)]
        causes = [*map(_reason, errors), *self._flaws]
        if causes:
            return _refusal(errors[0] if errors else BadRequest(causes[0]), causes, limits, cors)
        headers = json_headers(cors)
        if limits:
            longest = max(limit.retry_after_s for limit in limits)
            headers = [*headers, retry_after(longest), *_limit_headers(limits)]
        return Answer(200, headers, _encode(self._id(items)))

    def _id(self, items: Sequence[Prepared]) -> dict[str, str]:
        for item in items:
            if not isinstance(item, Refused):
                return {"id": item.id.replace("-", "")}
        return {} if self._event_id is None else {"id": self._event_id.hex}


def refusal(error: Exception, cors: HeaderList) -> Answer:
    """The answer to a request that is refused as a whole."""
    limits = [error] if isinstance(error, TooManyRequests) else []
    return _refusal(error, [reason(error)], limits, cors)


def read_envelope_request(sender: Sender, body: bytes) -> SentryRequest:
    """POST …/envelope/. Raises BadRequest."""
    envelope = read_envelope(body)
    flaws = [] if envelope.flaw is None else [envelope.flaw]
    return SentryRequest(
        _drafts(envelope, sender),
        event_id=envelope.event_id,
        dsn=envelope.dsn,
        discarded=_discarded(envelope.items, flaws),
        flaws=flaws,
    )


def read_store_request(sender: Sender, body: bytes) -> SentryRequest:
    """POST …/store/, and GET with the event in the query. Raises BadRequest, TooLarge."""
    limit = sender.route.limit
    raw = read_store(body, limit) if body else from_query(sender.query, limit)
    return SentryRequest((partial(read_event, raw, event_id=None, address=_address(sender)),))


def read_security_request(sender: Sender, body: bytes) -> SentryRequest:
    """POST …/security/. Raises BadRequest."""
    said = named_in(sender.query)
    return SentryRequest([partial(_of_release, report, said) for report in read_security(body)])


def _drafts(envelope: Envelope, sender: Sender) -> list[Draft]:
    events = [item for item in envelope.items if item.kind == "event"]
    # The header's id is the event's, but there is none for a second one.
    event_id = envelope.event_id if len(events) == 1 else None
    attachments = [_attachment(item) for item in envelope.items if item.kind == "attachment"]
    for item in envelope.items:
        meters.items.labels(item.kind if item.kind in KINDS else "other").inc()
    return [
        partial(_event, item, event_id, _address(sender), attachments[:_MAX_ATTACHMENTS])
        for item in events
    ]


def _event(
    item: Item, event_id: UUID | None, address: str | None, attachments: list[JsonObject]
) -> Report:
    try:
        report = read_event(item.payload, event_id=event_id, address=address)
    except (BadRequest, TooLarge) as error:
        raise type(error)(f"item {item.index} ({item.kind}): {error}") from error
    if attachments:
        payload = {**(report.payload or {}), "attachments": attachments}
        report = msgspec.structs.replace(report, payload=payload)
    return report


def _of_release(report: Report, said: dict[str, str]) -> Report:
    return msgspec.structs.replace(report, **said)


def _attachment(item: Item) -> JsonObject:
    said: JsonObject = {
        ours: name_of(item.header.get(theirs), _MAX_HEADER) for ours, theirs in _ATTACHMENT
    }
    return without_empty(said) | {"size": len(item.payload)}


def _discarded(items: Sequence[Item], flaws: list[str]) -> list[Discarded]:
    found: list[Discarded] = []
    for item in items:
        if item.kind == "client_report":
            try:
                found.extend(read_client_report(item.payload))
            except BadRequest as error:
                flaws.append(f"item {item.index} (client_report): {error}")
    return found


def _address(sender: Sender) -> str | None:
    return None if sender.address.ip is None else str(sender.address.ip)


def _reason(error: Exception) -> str:
    if not isinstance(error, ManaError):
        note_unexpected(error)
    return reason(error)


def _refusal(
    error: Exception, causes: list[str], limits: list[TooManyRequests], cors: HeaderList
) -> Answer:
    status, headers = refusal_head(error, cors)
    said = causes[0][:_MAX_HEADER].encode("ascii", "replace").decode()
    header = "".join(letter if letter.isprintable() else " " for letter in said)
    headers = [*headers, (b"x-sentry-error", header.encode())]
    if limits:
        headers = [*headers, *_limit_headers(limits)]
    return Answer(status, headers, _encode({"detail": causes[0], "causes": causes}))


def _limit_headers(limits: Sequence[TooManyRequests]) -> HeaderList:
    """https://develop.sentry.dev/sdk/expected-features/rate-limiting/"""
    longest = max(limits, key=lambda limit: limit.retry_after_s)
    # One client of an address is refused whatever it sends.
    categories = "" if longest.scope == "organization" else _LIMITED
    why = "quota" if isinstance(longest, OverQuota) else "rate"
    text = f"{longest.retry_after_s}:{categories}:{longest.scope}:{why}"
    return [(b"x-sentry-rate-limits", text.encode())]
