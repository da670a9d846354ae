"""What an issue's page says of its events: tags, users, releases, the ones around an event."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from mana_errors.model.exploring import (
    IssueRelease,
    IssueUser,
    Neighbours,
    TagDistribution,
    TagValues,
    ValueCount,
)
from mana_errors.model.reading import EventDetail, Issue, IssueHash
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.read_events import (
    event_after,
    event_before,
    events_of_issue,
    window_of,
)

_SQL: Final = load("explore")
# Latest events whose tags and users are counted: shares within 5 % nineteen times of twenty. Counts
# tell since when there were as many, so that older days need not be read; of a storm, of which one
# event of some is stored, there are fewer.
SAMPLED: Final = 500
# Values shown of a tag, and of all tags together.
TAG_VALUES: Final = 8
MAX_TAG_VALUES: Final = 400
MAX_USERS: Final = 50
# A year of daily releases.
MAX_RELEASES: Final = 365


class Window(NamedTuple):
    """An issue's latest events, as a table for FROM, and its values."""

    sql: str
    values: tuple[object, ...]


async def latest(connection: Connection, issue: Issue, hashes: Sequence[IssueHash]) -> Window:
    """Those of whose tags and users shares are told."""
    keys = [item.grouping_hash for item in hashes]
    since = await connection.fetchval(_SQL["since"], keys, SAMPLED)
    source, filters = events_of_issue(issue, hashes, since)
    return Window(window_of(source, filters, SAMPLED), tuple(filters.values))


async def tags_of(connection: Connection, window: Window) -> TagDistribution:
    """How tags are distributed over an issue's latest events."""
    sql = _SQL["tags"].format(window=window.sql, values=TAG_VALUES, limit=MAX_TAG_VALUES)
    rows = await connection.fetch(sql, *window.values)
    tags: dict[str, TagValues] = {}
    for row in rows:
        tag = tags.setdefault(row["name"], TagValues(row["name"], row["total"], []))
        tag.values.append(ValueCount(row["value"], row["count"]))
    return TagDistribution(rows[0]["events"] if rows else 0, list(tags.values()))


async def users_of(connection: Connection, window: Window) -> list[IssueUser]:
    """Who met an issue most, among its latest events."""
    sql = _SQL["users"].format(window=window.sql, limit=MAX_USERS)
    rows = await connection.fetch(sql, *window.values)
    return [msgspec.convert(dict(row), IssueUser) for row in rows]


async def releases_of(connection: Connection, hashes: Sequence[IssueHash]) -> list[IssueRelease]:
    """In which releases an issue occurred, the newest first, by exact counts."""
    keys = [item.grouping_hash for item in hashes]
    rows = await connection.fetch(_SQL["issue_releases"], keys, MAX_RELEASES)
    return [msgspec.convert(dict(row), IssueRelease) for row in rows]


async def neighbours_of(
    connection: Connection, event: EventDetail, issue: Issue, hashes: Sequence[IssueHash]
) -> Neighbours:
    """The events before and after one in its issue."""
    place = (event.occurred_at, event.id)
    return Neighbours(
        await event_before(connection, issue, hashes, place),
        await event_after(connection, issue, hashes, place),
    )
