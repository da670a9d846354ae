"""How the database, the background's jobs and the nodes are doing, for who runs the server."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("system")
# A node that says nothing for so long was taken away.
FORGOTTEN_AFTER: Final = timedelta(days=7)


class Partition(msgspec.Struct, frozen=True):
    """One day of events."""

    name: str
    bytes: int
    # estimated
    rows: int


class Job(msgspec.Struct, frozen=True):
    """The last run of a job of the background."""

    name: str
    ended_at: datetime
    took_s: float
    # class of what went wrong; empty: nothing
    error: str


class Node(msgspec.Struct, frozen=True):
    """What a node's background process said of it last."""

    id: UUID
    # of the machine
    name: str
    version: str
    spool_bytes: int
    # of the spool, what is not in the database yet, and since when
    waiting_bytes: int
    waiting_since: datetime | None
    # files: refused by the database, or damaged: for a person to look at
    dead_letters: int
    disk_free: int
    disk_total: int
    # None: now
    seen_at: datetime | None = None


class SystemState(msgspec.Struct, frozen=True):
    """What the database holds, and what triage has not folded yet."""

    version: str
    bytes: int
    deltas: int
    # when the oldest of them was stored
    deltas_since: datetime | None
    # the last one, and when it was applied
    migration: str
    migrated_at: datetime
    partitions: list[Partition]
    jobs: list[Job]
    nodes: list[Node]


async def look(connection: Connection) -> SystemState:
    """The state of now."""
    row = await connection.fetchrow(_SQL["state"])
    assert row is not None  # noqa: S101 - an aggregate
    return SystemState(
        **dict(row),
        partitions=[Partition(**dict(one)) for one in await connection.fetch(_SQL["partitions"])],
        jobs=[Job(**dict(one)) for one in await connection.fetch(_SQL["jobs"])],
        nodes=[Node(**dict(one)) for one in await connection.fetch(_SQL["nodes"])],
    )


async def note_job(connection: Connection, name: str, took_s: float, error: str) -> None:
    """Keep what became of a job that just ended."""
    await connection.execute(_SQL["note_job"], name, took_s, error)


async def note_node(connection: Connection, node: Node) -> None:
    """Keep what a node says of itself, and forget those that are gone."""
    await connection.execute(
        _SQL["note_node"],
        *(node.id, node.name, node.version, node.spool_bytes, node.waiting_bytes),
        *(node.waiting_since, node.dead_letters, node.disk_free, node.disk_total),
    )
    await connection.execute(_SQL["forget_nodes"], FORGOTTEN_AFTER)
