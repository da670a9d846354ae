"""What an issue's page says of its events: tags, users, releases, the ones around an event."""

from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.exploring import (
    IssueRelease,
    IssueUser,
    Neighbours,
    TagDistribution,
    TagValues,
    ValueCount,
)
from mana_errors.model.principal import Apps
from mana_errors.model.reading import EventDetail
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.read_events import (
    event_after,
    event_before,
    events_of_issue,
    window_of,
)
from mana_errors.store.read_issues import find_issue, hashes_of

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


async def tags_of(connection: Connection, issue_id: UUID, apps: Apps) -> TagDistribution:
    """How tags are distributed over an issue's latest events. Raises NotFound."""
    window, values = await _latest(connection, issue_id, apps)
    sql = _SQL["tags"].format(window=window, values=TAG_VALUES, limit=MAX_TAG_VALUES)
    rows = await connection.fetch(sql, *values)
    tags: dict[str, TagValues] = {}
    for row in rows:
        tag = tags.setdefault(row["name"], TagValues(row["name"], row["total"], []))
        tag.values.append(ValueCount(row["value"], row["count"]))
    return TagDistribution(rows[0]["events"] if rows else 0, list(tags.values()))


async def users_of(connection: Connection, issue_id: UUID, apps: Apps) -> list[IssueUser]:
    """Who met an issue most, among its latest events. Raises NotFound."""
    window, values = await _latest(connection, issue_id, apps)
    sql = _SQL["users"].format(window=window, limit=MAX_USERS)
    return [msgspec.convert(dict(row), IssueUser) for row in await connection.fetch(sql, *values)]


async def releases_of(connection: Connection, issue_id: UUID, apps: Apps) -> list[IssueRelease]:
    """In which releases an issue occurred, the newest first, by exact counts. Raises NotFound."""
    issue = await find_issue(connection, issue_id, apps)
    hashes = [item.grouping_hash for item in await hashes_of(connection, issue.id)]
    rows = await connection.fetch(_SQL["issue_releases"], hashes, MAX_RELEASES)
    return [msgspec.convert(dict(row), IssueRelease) for row in rows]


async def neighbours_of(connection: Connection, event: EventDetail, apps: Apps) -> Neighbours:
    """The events before and after one in its issue. Raises NotFound."""
    if event.issue_id is None:
        return Neighbours(None, None)
    issue = await find_issue(connection, event.issue_id, apps)
    hashes = await hashes_of(connection, issue.id)
    place = (event.occurred_at, event.id)
    return Neighbours(
        await event_before(connection, issue, hashes, place),
        await event_after(connection, issue, hashes, place),
    )


async def _latest(
    connection: Connection, issue_id: UUID, apps: Apps
) -> tuple[str, tuple[object, ...]]:
    """The window of an issue's latest events, and its values."""
    issue = await find_issue(connection, issue_id, apps)
    hashes = await hashes_of(connection, issue.id)
    keys = [item.grouping_hash for item in hashes]
    since = await connection.fetchval(_SQL["since"], keys, SAMPLED)
    source, filters = events_of_issue(issue, hashes, since)
    return window_of(source, filters, SAMPLED), tuple(filters.values)
