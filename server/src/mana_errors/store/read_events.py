"""Events as readers see them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest, NotFound
from mana_errors.model.event import Environment
from mana_errors.model.principal import Apps
from mana_errors.model.query import (
    EventQuery,
    IssueEventQuery,
    Position,
    decode_cursor,
    encode_cursor,
    in_utc,
)
from mana_errors.model.reading import EventDetail, EventSummary, Issue, IssueHash, Page
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.queries import load

_SQL: Final = load("read_events")
_NOT_DELETED: Final = _SQL["not_deleted"]
_SORT: Final = "occurredAt"
_STAGES: Final = frozenset(Environment)


async def list_events(connection: Connection, query: EventQuery, apps: Apps) -> Page[EventSummary]:
    """One page of these apps' events, newest first. Raises BadRequest for a cursor of another
    list."""
    filters = Filters()
    filters.any_of("e.severity", query.severity, "error_logs.error_severity")
    filters.any_of("e.error_code", query.error_code)
    filters.any_of("e.error_type", query.type)
    filters.any_of("e.fingerprint", query.fingerprint)
    filters.words(_SQL["event_text"], query.q)
    return await _page(connection, filters, query, wanted_apps(query.app, apps))


async def issue_events(
    connection: Connection, issue: Issue, hashes: Sequence[IssueHash], query: IssueEventQuery
) -> Page[EventSummary]:
    """One page of an issue's events, newest first."""
    filters = Filters()
    # The fingerprint and the issue's own span let the primary key start at the right place: its
    # newest event is the first row read.
    filters.any_of("e.fingerprint", sorted({item.fingerprint for item in hashes}))
    filters.add("e.grouping_hash = ANY({}::uuid[])", [item.grouping_hash for item in hashes])
    filters.add("e.occurred_at BETWEEN {} AND {}", issue.first_seen, issue.last_seen)
    return await _page(connection, filters, query, None)


async def _page(
    connection: Connection,
    filters: Filters,
    query: IssueEventQuery,
    apps: tuple[str, ...] | None,
) -> Page[EventSummary]:
    """One page, of some apps or of all. Each app's events are read by its own index and then
    merged: a list of apps as a condition would read the others' newer events, too."""
    _in_environment(filters, query.environment)
    filters.any_of("e.release", query.release)
    filters.any_of("e.user_id", query.user)
    if query.since is not None:
        filters.add("e.occurred_at >= {}", in_utc(query.since))
    if query.until is not None:
        filters.add("e.occurred_at < {}", in_utc(query.until))
    if query.cursor is not None:
        filters.add("(e.occurred_at, e.id) < ({}, {})", *_after(query.cursor))
    filters.add(_NOT_DELETED)
    apps_value = filters.one_or_many("e.app_id", apps)
    source = _SQL["all_apps" if apps_value is None else "some_apps"]
    wanted = source.format(filters=filters, limit=query.limit + 1, apps=apps_value)
    sql = _SQL["summaries"].format(wanted=wanted, limit=query.limit + 1)
    rows = await connection.fetch(sql, *filters.values)
    events = [msgspec.convert(dict(row), EventSummary) for row in rows[: query.limit]]
    if len(rows) <= query.limit:
        return Page(events, None)
    last = events[-1]
    return Page(events, encode_cursor(Position(_SORT, last.occurred_at, last.id)))


def _in_environment(filters: Filters, names: Sequence[str]) -> None:
    stages = [name for name in names if name in _STAGES]
    others = [name for name in names if name not in _STAGES]
    of_stage = "e.environment = ANY({}::text[]::error_logs.error_environment[])"
    if stages and others:
        filters.add(
            f"(({of_stage} AND e.environment_name IS NULL) OR e.environment_name = ANY({{}}))",
            stages,
            others,
        )
    elif stages:
        filters.any_of("e.environment", stages, "error_logs.error_environment")
        filters.add("e.environment_name IS NULL")
    else:
        filters.any_of("e.environment_name", others)


def _after(cursor: str) -> tuple[object, UUID]:
    position = decode_cursor(cursor, _SORT)
    if isinstance(position.key, int):
        raise BadRequest("cursor: made for another order")
    return in_utc(position.key), position.id


async def find_event(connection: Connection, event_id: UUID, apps: Apps) -> EventDetail:
    """Raises NotFound, for an event of another app too."""
    sql = _SQL["event"].format(not_deleted=_NOT_DELETED)
    row = await connection.fetchrow(sql, event_id, None if apps is None else list(apps))
    if row is None:
        raise NotFound(f"there is no event {event_id}")
    return msgspec.convert(dict(row), EventDetail)
