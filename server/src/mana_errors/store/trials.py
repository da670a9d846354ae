"""What a rule is tried on: stored events, counters and activity."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

import msgspec

from mana_errors.model.event import JsonObject
from mana_errors.model.rule import Fact
from mana_errors.model.search import Search
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters
from mana_errors.store.queries import load
from mana_errors.store.search import issue_condition

_SQL: Final = load("trials")
# Those that had an event last.
MAX_ISSUES: Final = 20_000
# Read in one go.
_CHUNK: Final = 20_000
# A sort of a day's events fits.
_WORK_MEM: Final = "SET LOCAL work_mem = '64MB'"
# Which issue, when, its value.
Moment = tuple[int, datetime, int]


class Tried(msgspec.Struct, frozen=True):
    """An issue that a rule is tried on."""

    id: UUID
    app_id: str
    title: str
    first_seen: datetime


class Became(msgspec.Struct, frozen=True):
    """What became of an issue."""

    issue_id: UUID
    at: datetime
    kind: Fact
    details: JsonObject


async def issues(
    connection: Connection,
    search: Search,
    apps: Collection[str] | None,
    since: datetime,
    least: int,
) -> list[Tried]:
    """Issues with an event since then that a search finds, with so many events at least."""
    filters = Filters()
    filters.add("last_seen_bin >= date_bin('5 minutes', {}, '2000-01-01 00:00:00+00')", since)
    if apps is not None:
        filters.add("app_id = ANY({}::text[])", list(apps))
    filters.add("count >= {}", least)
    filters.add_condition(issue_condition(search, None))
    sql = _SQL["issues"].format(filters=filters, limit=MAX_ISSUES)
    return [Tried(**dict(row)) for row in await connection.fetch(sql, *filters.values)]


async def environments(
    connection: Connection, issues: Collection[UUID], since: datetime
) -> dict[UUID, list[str]]:
    """Of issues' events since then; "" = not given."""
    rows = await connection.fetch(_SQL["environments"], list(issues), since)
    return {row["issue_id"]: row["environments"] for row in rows}


async def facts(connection: Connection, issues: Collection[UUID], since: datetime) -> list[Became]:
    """Regressions and escalations, in the order of time."""
    rows = await connection.fetch(_SQL["facts"], list(issues), since)
    return [msgspec.convert(dict(row), Became) for row in rows]


async def busy(
    connection: Connection,
    issues: Collection[UUID],
    since: datetime,
    least: int,
    window: timedelta,
) -> set[UUID]:
    """Issues that may have so many events in a window."""
    rows = await connection.fetch(_SQL["busy"], list(issues), since, least, window)
    return {row["issue_id"] for row in rows}


async def events(  # noqa: PLR0913 - what is asked for
    connection: Connection,
    issues: Sequence[UUID],
    since: datetime,
    until: datetime,
    environments: Collection[str] | None,
    *,
    users: bool,
) -> AsyncIterator[list[Moment]]:
    """Moments of events in the order of time, in chunks. Values are weights; or users as numbers,
    of events that have one. Within a transaction."""
    await connection.execute(_WORK_MEM)
    sql = _SQL["events"].format(
        value="hashtextextended(e.user_id, 0)" if users else "e.weight",
        condition="e.user_id IS NOT NULL" if users else "true",
    )
    named = None if environments is None else list(environments)
    cursor = await connection.cursor(sql, list(issues), since, until, named)
    while rows := await cursor.fetch(_CHUNK):
        # Records are unpacked as tuples are.
        yield cast("list[Moment]", rows)


async def hours(
    connection: Connection,
    issues: Collection[UUID],
    since: datetime,
    environments: Collection[str] | None,
) -> list[tuple[UUID, datetime, int]]:
    """Issues' events by whole hours, in the order of time."""
    named = None if environments is None else list(environments)
    rows = await connection.fetch(_SQL["hours"], list(issues), since, named)
    return [(row["issue_id"], row["hour"], row["count"]) for row in rows]


async def minutes(
    connection: Connection, apps: Collection[str] | None, since: datetime
) -> list[tuple[str, datetime]]:
    """By app, minutes with events since then, and the latest before. Old ones are whole hours."""
    named = None if apps is None else list(apps)
    rows = await connection.fetch(_SQL["minutes"], named, since)
    return [(row["app_id"], row["minute"]) for row in rows]
