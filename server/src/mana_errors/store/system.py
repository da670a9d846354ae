"""How the database is doing, for who runs the server."""

from typing import Final

import msgspec

from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("system")


class Partition(msgspec.Struct, frozen=True):
    """One day of events."""

    name: str
    bytes: int
    # estimated
    rows: int


class DatabaseState(msgspec.Struct, frozen=True):
    """What the database holds, and what triage has not folded yet."""

    version: str
    bytes: int
    deltas: int
    partitions: list[Partition]


async def look(connection: Connection) -> DatabaseState:
    """The state of now."""
    row = await connection.fetchrow(_SQL["state"])
    assert row is not None  # noqa: S101 - an aggregate
    partitions = await connection.fetch(_SQL["partitions"])
    return DatabaseState(**dict(row), partitions=[Partition(**dict(one)) for one in partitions])
