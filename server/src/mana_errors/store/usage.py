"""The ledger of outcomes: what quotas count, and its roll-up."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("usage")
# Lines changed in one statement: the digest waits no longer than some milliseconds for one of them.
CHUNK: Final = 5_000


class Used(msgspec.Struct, frozen=True):
    """Events stored or sampled since the window began."""

    hour: int
    day: int
    month: int


NOTHING_USED: Final = Used(0, 0, 0)


async def used(
    connection: Connection, apps: Collection[str], hour: datetime, day: datetime, month: datetime
) -> dict[str, Used]:
    """What each app used since these beginnings; apps without events are missing."""
    rows = await connection.fetch(_SQL["used"], list(apps), hour, day, month)
    return {row["app_id"]: Used(row["hour"], row["day"], row["month"]) for row in rows}


async def apps_of_ledger(connection: Connection) -> list[str]:
    """Apps that have lines; empty = not known."""
    return [row["app_id"] for row in await connection.fetch(_SQL["apps"])]


async def roll_up(connection: Connection, app: str, before: datetime) -> int:
    """Add up to CHUNK minutes before `before`, a whole hour, to their hours; how many."""
    return await connection.fetchval(_SQL["roll_up"], app, before, CHUNK)


async def forget(connection: Connection, app: str, before: datetime) -> int:
    """Drop up to CHUNK lines before `before`; how many."""
    return await connection.fetchval(_SQL["forget"], app, before, CHUNK)
