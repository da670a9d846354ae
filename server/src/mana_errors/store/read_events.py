"""Events as readers see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest, NotFound
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
from mana_errors.model.search import EVERYTHING, Search
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.queries import load
from mana_errors.store.search import apps_asked_for, event_condition, indexed_part

_SQL: Final = load("read_events")
_NOT_DELETED: Final = _SQL["not_deleted"]
_SORT: Final = "occurredAt"
# A search reads so many events for a page, in well under 100 ms.
SCANNED: Final = 10_000


async def list_events(connection: Connection, query: EventQuery, apps: Apps) -> Page[EventSummary]:
    """One page of these apps' events, newest first. Raises SearchSyntax, and BadRequest for a
    cursor of another list."""
    search = query.search()
    filters = Filters()
    if (indexed := indexed_part(search)) is not None:
        filters.add_condition(event_condition(indexed))
    return await _page(
        connection, filters, search, query, wanted_apps(apps_asked_for(search), apps)
    )


async def issue_events(
    connection: Connection, issue: Issue, hashes: Sequence[IssueHash], query: IssueEventQuery
) -> Page[EventSummary]:
    """One page of an issue's events, newest first. Raises as list_events."""
    filters = Filters()
    # The fingerprint and the issue's own span let the primary key start at the right place: its
    # newest event is the first row read.
    filters.any_of("e.fingerprint", sorted({item.fingerprint for item in hashes}))
    filters.add("e.grouping_hash = ANY({}::uuid[])", [item.grouping_hash for item in hashes])
    filters.add("e.occurred_at BETWEEN {} AND {}", issue.first_seen, issue.last_seen)
    return await _page(connection, filters, query.search(), query, None)


async def _page(
    connection: Connection,
    filters: Filters,
    search: Search,
    query: IssueEventQuery,
    apps: tuple[str, ...] | None,
) -> Page[EventSummary]:
    """One page of what the search finds in a window: the newest events that the filters leave, by
    an index. Whatever is searched, no more than SCANNED are read for a page, which may be short
    therefore: its cursor goes on behind the window."""
    _in_span(filters, query)
    is_search = search != EVERYTHING
    size = query.limit + 1
    if is_search:
        size = max(SCANNED // max(len(apps or ()), 1), size)
    window = _window(filters, apps, size)
    before = tuple(filters.values)
    searched = filters.write(event_condition(search))
    sql = _SQL["summaries"].format(window=window, searched=searched, limit=query.limit + 1)
    rows = await connection.fetch(sql, *filters.values)
    events = [msgspec.convert(dict(row), EventSummary) for row in rows[: query.limit]]
    if len(rows) > query.limit:
        return Page(events, _cursor(events[-1].occurred_at, events[-1].id))
    if not is_search:
        return Page(events, None)
    end = await connection.fetchrow(_SQL["end"].format(window=window, before=size - 1), *before)
    return Page(events, None if end is None else _cursor(end["occurred_at"], end["id"]))


def _in_span(filters: Filters, query: IssueEventQuery) -> None:
    if query.since is not None:
        filters.add("e.occurred_at >= {}", in_utc(query.since))
    if query.until is not None:
        filters.add("e.occurred_at < {}", in_utc(query.until))
    if query.cursor is not None:
        filters.add("(e.occurred_at, e.id) < ({}, {})", *_after(query.cursor))
    filters.add(_NOT_DELETED)


def _window(filters: Filters, apps: tuple[str, ...] | None, size: int) -> str:
    """The newest events, of some apps or of all. Each app's are read by its own index and then
    merged: a list of apps as a condition would read the others' newer events, too."""
    many = filters.one_or_many("e.app_id", apps)
    source = _SQL["all_apps" if many is None else "some_apps"]
    return source.format(filters=filters, apps=many, size=size)


def _cursor(occurred_at: datetime, event_id: UUID) -> str:
    return encode_cursor(Position(_SORT, occurred_at, event_id))


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
