"""How far each spool segment is digested; lives where the events go, so both move together."""

from typing import Final
from uuid import UUID

from mana_errors.errors import Conflict
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("spool_cursors")


async def position(connection: Connection, segment: UUID, node: UUID) -> int:
    """Where to go on reading; makes the cursor of a segment that has none."""
    known: int | None = await connection.fetchval(_SQL["position"], segment)
    if known is not None:
        return known
    await connection.execute(_SQL["begin"], segment, node, 0)
    return 0


async def advance(connection: Connection, segment: UUID, start: int, end: int) -> None:
    """Move the cursor within the caller's transaction.

    Raises Conflict when it does not stand at `start`: the batch was stored before, by a commit
    whose answer got lost, or by another digest of the same directory.
    """
    if await connection.fetchval(_SQL["advance"], segment, start, end) is None:
        raise Conflict(f"segment {segment} is not at {start}")


async def forget(connection: Connection, segment: UUID) -> None:
    """Drop the cursor of a segment that is deleted."""
    await connection.execute(_SQL["forget"], segment)


async def forget_missing(connection: Connection, node: UUID, present: list[UUID]) -> None:
    """Drop this node's cursors without a segment: a crash came between deleting file and row."""
    await connection.execute(_SQL["forget_missing"], node, present)
