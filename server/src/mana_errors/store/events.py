"""Writing events: which are stored already, and COPY."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from mana_errors.model.event import Environment, Event, Protocol
from mana_errors.model.grouped import GroupedEvent
from mana_errors.store.db import COMMAND_TIMEOUT_S, Connection
from mana_errors.store.queries import load

_SQL: Final = load("events")
# Serializes undated resends: "mana" and "send" in ASCII.
_UNDATED_LOCK: Final = 0x6D616E61_73656E64
# How long a client may go on resending an event that carries neither a time nor a v7 id.
RESEND_WINDOW: Final = timedelta(days=2)

COLUMNS: Final = (
    "id",
    "error_code",
    "error_type",
    "message",
    "stack_trace",
    "app_id",
    "source_type",
    "service_name",
    "user_id",
    "session_id",
    "request_url",
    "request_method",
    "request_headers",
    "request_body",
    "response_status_code",
    "environment",
    "environment_name",
    "severity",
    "context",
    "fingerprint",
    "user_agent",
    "browser_info",
    "device_info",
    "occurred_at",
    "received_at",
    "grouping_hash",
    "protocol",
    "release",
    "notes",
    "weight",
    "tags",
    "payload",
)


def _environment(name: str | None) -> tuple[Environment | None, str | None]:
    """The contract's stage, and the name where that says something else."""
    if name is None:
        return None, None
    stage = Environment.of(name)
    return stage, None if name == stage else name


def row(item: GroupedEvent) -> tuple[Any, ...]:
    """An event's values in the order of COLUMNS."""
    event = item.event
    return (
        event.id,
        event.error_code,
        event.error_type,
        event.message,
        event.stack_trace,
        event.app_id,
        event.source_type,
        event.service_name,
        event.user_id,
        event.session_id,
        event.request_url,
        event.request_method,
        event.request_headers,
        event.request_body,
        event.response_status_code,
        *_environment(event.environment),
        event.severity,
        event.context or {},
        item.grouping.fingerprint,
        event.user_agent,
        event.browser_info,
        event.device_info,
        event.occurred_at,
        event.received_at,
        item.grouping.grouping_hash,
        event.protocol,
        event.release,
        event.notes,
        item.weight,
        event.tags,
        event.payload,
    )


async def copy(connection: Connection, items: Sequence[GroupedEvent]) -> None:
    """Binary COPY into error_logs.error_logs."""
    await connection.copy_records_to_table(
        "error_logs",
        schema_name="error_logs",
        columns=COLUMNS,
        records=map(row, items),
        timeout=COMMAND_TIMEOUT_S,
    )


async def without_resent(
    connection: Connection, items: Sequence[GroupedEvent]
) -> list[GroupedEvent]:
    """The events that are not stored yet, each once. Part of the storing transaction."""
    if not any(item.event.resendable for item in items):
        return list(items)
    fresh = list({_key(item): item for item in reversed(items)}.values())[::-1]
    dated = await _stored_dated(connection, [item for item in fresh if _is_dated(item)])
    undated = await _stored_undated(connection, [item for item in fresh if _is_undated(item)])
    stored = dated | undated
    return [item for item in fresh if _key(item) not in stored]


Key = tuple[object, ...]


def _key(item: GroupedEvent) -> Key:
    event = item.event
    if _has_id_alone(event):
        return (event.id,)
    if _is_undated(item):
        return (item.grouping.fingerprint, event.id)
    return (item.grouping.fingerprint, event.occurred_at, event.id)


def _has_id_alone(event: Event) -> bool:
    """Ids of OTLP's exceptions are made here, of what they say; each span that an exception passed
    says it again, with a request or without one, and so with another fingerprint."""
    return event.protocol is Protocol.OTLP


def _is_dated(item: GroupedEvent) -> bool:
    event = item.event
    return event.resendable and event.dated and not _has_id_alone(event)


def _is_undated(item: GroupedEvent) -> bool:
    return item.event.resendable and not _is_dated(item)


async def _stored_dated(connection: Connection, items: list[GroupedEvent]) -> set[Key]:
    if not items:
        return set()
    rows = await connection.fetch(
        _SQL["stored_dated"],
        [item.grouping.fingerprint for item in items],
        [item.event.occurred_at for item in items],
        [item.event.id for item in items],
    )
    return {(found["fingerprint"], found["occurred_at"], found["id"]) for found in rows}


async def _stored_undated(connection: Connection, items: list[GroupedEvent]) -> set[Key]:
    if not items:
        return set()
    await connection.execute(_SQL["lock_undated"], _UNDATED_LOCK)
    ids: Iterable[UUID] = [item.event.id for item in items]
    times = [time for item in items for time in _window(item.event)]
    rows = await connection.fetch(_SQL["stored_undated"], ids, min(times), max(times))
    pairs: set[Key] = {(found["fingerprint"], found["id"]) for found in rows}
    return pairs | {(found["id"],) for found in rows}


def _window(event: Event) -> tuple[datetime, datetime]:
    # Copies are stamped when they come, and stored in any order: another node, or another
    # worker's segment, may have been faster; and clocks are put back.
    return event.occurred_at - RESEND_WINDOW, event.occurred_at + RESEND_WINDOW
