"""What an app's stored events take, and deleting events of one app in small transactions.

`error_logs.app_days` says what an app's events take by day, in bytes of the spool. What one of them
takes is its part of its day's bytes, by the size of its row: so the parts of a day sum up to what
is written there, nothing drifts, and a day is at 0 when its last event is gone. An even share of
the day would be simpler, but small events could then be deleted at the price of large ones, and
an app with both would outgrow its budget.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("budgets")
# Events deleted in one transaction: tens of milliseconds, during which a batch of the digest may
# wait for the same row of app_days.
CHUNK: Final = 500
# A plan reads all events of an app once.
_PLAN_TIMEOUT_S: Final = 900.0


class Taken(msgspec.Struct, frozen=True):
    """What stored events take."""

    events: int
    # as the spool holds them
    bytes: int


class Chunk(msgspec.Struct, frozen=True):
    """Doomed events of one day that go in one transaction."""

    day: date
    number: int


async def taken(connection: Connection, apps: Collection[str]) -> dict[str, Taken]:
    """What each of these apps' events take; apps without events are missing."""
    rows = await connection.fetch(_SQL["taken"], list(apps))
    return {row["app_id"]: Taken(row["events"], row["bytes"]) for row in rows}


async def plan(connection: Connection, app: str, excess: int) -> list[Chunk]:
    """Doom the app's least useful events until `excess` bytes would come free, or until only
    protected ones are left. The list lives in a temporary table until the next plan."""
    await connection.execute(_SQL["make_doomed"])
    await connection.execute(_SQL["empty_doomed"])
    await connection.execute(_SQL["doom"], app, excess, CHUNK, timeout=_PLAN_TIMEOUT_S)
    await connection.execute(_SQL["analyze_doomed"])
    return [Chunk(row["day"], row["chunk"]) for row in await connection.fetch(_SQL["chunks"])]


async def delete_chunk(connection: Connection, app: str, chunk: Chunk) -> Taken:
    """Delete a chunk of the last plan; what came free."""
    values = (app, chunk.day, chunk.number, *_bounds(chunk.day))
    (row,) = await connection.fetch(_SQL["delete_chunk"], *values)
    return Taken(row["events"], row["bytes"])


async def delete_day(connection: Connection, app: str, day: date) -> int:
    """Delete up to a chunk of the app's events of a day, whatever they are; how many went."""
    return await connection.fetchval(_SQL["delete_day"], app, day, *_bounds(day), CHUNK)


async def forget_app_day(connection: Connection, app: str, day: date) -> None:
    """Drop the app's row of a day of which it has no event left."""
    await connection.execute(_SQL["forget_app_day"], app, day)


async def forget_days(connection: Connection, before: date, existing: Collection[date]) -> None:
    """Drop all apps' rows of days before `before` that have no partition left."""
    await connection.execute(_SQL["forget_days"], before, list(existing))


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)
