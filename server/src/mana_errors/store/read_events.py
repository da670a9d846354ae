"""Events as readers see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from mana_errors.store.search import (
    SELECTIVE,
    apps_asked_for,
    event_condition,
    indexed_part,
    seen_by,
)

_SQL: Final = load("read_events")
NOT_DELETED: Final = _SQL["not_deleted"]
_SORT: Final = "occurredAt"
EventPage = Page[EventSummary]
# A search reads so many events for a page, in well under 100 ms: those that lie in the order of
# time, and those that an index finds all over the table.
SCANNED: Final = 10_000
SCATTERED: Final = 500
# Most events have others of their issue near them, and a day's partition is planned and read ten
# times as fast as a month's. So they are looked for near first.
_REACHES: Final = (timedelta(hours=1), timedelta(days=1))
_LAST_ID: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Source:
    """Events are read in the order of time by an index of a column, for each of some values by
    itself; values None: whatever the column holds."""

    column: str
    values: Sequence[str] | Sequence[UUID] | None
    kind: str = "text"
    # whether the events lie apart from one another
    is_scattered: bool = False

    def window(self, page: int) -> int:
        """Events that a search reads for a page."""
        if self.is_scattered:
            return max(SCATTERED, page)
        return max(SCANNED // max(len(self.values or ()), 1), page)


async def list_events(connection: Connection, query: EventQuery, apps: Apps) -> Page[EventSummary]:
    """One page of these apps' events, newest first. Raises SearchSyntax, and BadRequest for a
    cursor of another list."""
    source, filters, search = events_of(query, apps)
    return await _page(connection, source, filters, search, query)


def events_of(query: EventQuery, apps: Apps) -> tuple[Source, Filters, Search]:
    """Where the events of a search are looked for, newest first, and what to look for there. An
    index that leaves few is read for all apps, and others by app: each app's events are then read
    by its own index and merged, since a list of apps as a condition would read the others' newer
    events, too."""
    search = query.search()
    filters = Filters()
    filters.add(NOT_DELETED)
    _in_span(filters, query)
    indexed = indexed_part(search)
    wanted = wanted_apps(apps_asked_for(search), apps)
    if indexed is not None and (wanted is None or indexed.field in SELECTIVE):
        filters.add_condition(event_condition(indexed))
        is_scattered = indexed.field in SELECTIVE
        return Source("e.app_id", None, is_scattered=is_scattered), filters, seen_by(search, apps)
    return Source("e.app_id", wanted), filters, search


async def issue_events(
    connection: Connection, issue: Issue, hashes: Sequence[IssueHash], query: IssueEventQuery
) -> Page[EventSummary]:
    """One page of an issue's events, newest first. Raises as list_events."""
    source, filters = events_of_issue(issue, hashes)
    _in_span(filters, query)
    return await _page(connection, source, filters, query.search(), query)


async def latest_of(
    connection: Connection, issue: Issue, hashes: Sequence[IssueHash]
) -> UUID | None:
    """The newest of an issue's events; None: all are older than the retention."""
    return await event_before(connection, issue, hashes, (issue.last_seen, _LAST_ID))


async def event_before(
    connection: Connection, issue: Issue, hashes: Sequence[IssueHash], place: tuple[datetime, UUID]
) -> UUID | None:
    """The newest of an issue's events before a place in their order."""
    at, first = place[0], issue.first_seen
    spans = [(max(at - reach, first), at) for reach in _REACHES]
    return await _beside(connection, hashes, place, ("<", "DESC"), [*spans, (first, at)])


async def event_after(
    connection: Connection, issue: Issue, hashes: Sequence[IssueHash], place: tuple[datetime, UUID]
) -> UUID | None:
    """The oldest of an issue's events behind a place in their order."""
    at, last = place[0], issue.last_seen
    spans = [(at, min(at + reach, last)) for reach in _REACHES]
    return await _beside(connection, hashes, place, (">", "ASC"), [*spans, (at, last)])


async def _beside(
    connection: Connection,
    hashes: Sequence[IssueHash],
    place: tuple[datetime, UUID],
    direction: tuple[str, str],
    spans: Sequence[tuple[datetime, datetime]],
) -> UUID | None:
    side, order = direction
    sql = _SQL["beside"].format(side=side, order=order, not_deleted=NOT_DELETED)
    keys = [item.grouping_hash for item in hashes]
    # spans that an issue's own cuts are the same
    for span in dict.fromkeys(spans):
        found: UUID | None = await connection.fetchval(sql, keys, *place, *span)
        if found is not None:
            return found
    return None


def events_of_issue(
    issue: Issue, hashes: Sequence[IssueHash], since: datetime | None = None
) -> tuple[Source, Filters]:
    """Where an issue's events are. Its own span leaves out the days before and after."""
    filters = Filters()
    filters.add(NOT_DELETED)
    first = issue.first_seen if since is None else max(since, issue.first_seen)
    filters.add("e.occurred_at BETWEEN {} AND {}", first, issue.last_seen)
    keys = tuple(item.grouping_hash for item in hashes)
    return Source("e.grouping_hash", keys, "uuid", is_scattered=True), filters


async def _page(
    connection: Connection,
    source: Source,
    filters: Filters,
    search: Search,
    query: IssueEventQuery,
) -> Page[EventSummary]:
    """One page of what the search finds in a window: the newest events that the filters leave, by
    an index. Whatever is searched, no more than SCANNED are read for a page, which may be short
    therefore: its cursor goes on behind the window."""
    if query.cursor is not None:
        filters.add("(e.occurred_at, e.id) < ({}, {})", *_after(query.cursor))
    is_search = search != EVERYTHING
    size = source.window(query.limit + 1) if is_search else query.limit + 1
    window = window_of(source, filters, size)
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


def window_of(source: Source, filters: Filters, size: int) -> str:
    """The newest events of a source, as a table for FROM."""
    many = filters.one_or_many(source.column, source.values, source.kind)
    template = _SQL["window" if many is None else "merged_window"]
    return template.format(
        filters=filters, column=source.column, values=many, kind=source.kind, size=size
    )


def _cursor(occurred_at: datetime, event_id: UUID) -> str:
    return encode_cursor(Position(_SORT, occurred_at, event_id))


def _after(cursor: str) -> tuple[object, UUID]:
    position = decode_cursor(cursor, _SORT)
    if isinstance(position.key, int):
        raise BadRequest("cursor: made for another order")
    return in_utc(position.key), position.id


async def find_event(connection: Connection, event_id: UUID, apps: Apps) -> EventDetail:
    """Raises NotFound, for an event of another app too."""
    sql = _SQL["event"].format(not_deleted=NOT_DELETED)
    row = await connection.fetchrow(sql, event_id, None if apps is None else list(apps))
    if row is None:
        raise NotFound(f"there is no event {event_id}")
    return msgspec.convert(dict(row), EventDetail)
