"""COPY that a refused event does not stop."""

from dataclasses import dataclass
from typing import Final

import asyncpg
import msgspec

from mana_errors.digest.dead_letters import DeadLetter
from mana_errors.model.grouped import GroupedEvent
from mana_errors.store import db, events

# SQLSTATE classes that blame the data: invalid values, violated constraints, exceeded limits.
_EVENT_AT_FAULT: Final = ("22", "23", "54")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that PostgreSQL did not take."""

    item: GroupedEvent
    # None: nothing is lost, another node stored the same event a moment ago
    letter: DeadLetter | None


async def copy(
    connection: db.Connection, items: list[GroupedEvent], *, careful: bool
) -> list[Refusal]:
    """COPY; in careful mode by halves, so that a refused event costs only itself."""
    if not items:
        return []
    if not careful:
        await events.copy(connection, items)
        return []
    try:
        async with connection.transaction():
            await events.copy(connection, items)
    except asyncpg.PostgresError as error:
        if not blames_event(error):
            raise
        if len(items) == 1:
            return [_refusal(items[0], error)]
        middle = len(items) // 2
        left = await copy(connection, items[:middle], careful=True)
        return left + await copy(connection, items[middle:], careful=True)
    return []


def blames_event(error: asyncpg.PostgresError) -> bool:
    """Whether it is the data's fault, so that trying again is of no use."""
    return str(error.sqlstate or "").startswith(_EVENT_AT_FAULT)


def _refusal(item: GroupedEvent, error: asyncpg.PostgresError) -> Refusal:
    if isinstance(error, asyncpg.UniqueViolationError):
        return Refusal(item, None)
    content = msgspec.to_builtins(item.event)
    return Refusal(item, DeadLetter(f"{error.sqlstate}: {error}", content, item.event))
