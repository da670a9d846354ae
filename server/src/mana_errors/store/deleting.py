"""Deleting issues: their counts at once; their events, which nobody sees meanwhile, by and by."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from mana_errors.model.action import State
from mana_errors.store import audit, fold
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_MERGING: Final = load("merging")
_SQL: Final = load("deleting")
# Events deleted in one transaction: tens of milliseconds, during which a batch of the digest may
# wait for the same row of app_days.
EVENTS: Final = 500
# Issues that nobody needs forgotten in one transaction, during which triage waits.
ISSUES: Final = 200
# For how long events that were on their way are looked for. What comes later is never shown, and
# goes with its partition.
LOOKED_FOR: Final = timedelta(hours=1)


class Orphan(NamedTuple):
    """A grouping hash whose issue was deleted, and whose events are to go."""

    grouping_hash: UUID
    app_id: str
    deleted_at: datetime


async def delete(
    connection: Connection, states: Sequence[State], actor: Actor, now: datetime
) -> None:
    """Delete issues and all that is known of them. Events that are received from now on make new
    issues. Within a transaction that holds (store/fold.py)."""
    ids = [state.id for state in states]
    await _drop(connection, ids)
    await connection.execute(_MERGING["orphan_hashes"], ids, now)
    for state in states:
        await audit.note(connection, actor, "issue.delete", str(state.id), app=state.app_id)


async def _drop(connection: Connection, ids: list[UUID]) -> None:
    await connection.execute(_MERGING["drop_counts"], ids)
    await connection.execute(_MERGING["drop_activity"], ids)
    await connection.execute(_MERGING["drop_issues"], ids)


async def orphans(connection: Connection) -> list[Orphan]:
    """Hashes of deleted issues whose events may not all be gone."""
    return [Orphan(**dict(row)) for row in await connection.fetch(_SQL["orphans"])]


async def purge(connection: Connection, orphan: Orphan, day: date) -> int:
    """Delete up to a chunk of a deleted issue's events of a day; how many went."""
    start = datetime.combine(day, time(), UTC)
    bounds = (day, start, start + timedelta(days=1), EVENTS)
    return await connection.fetchval(_SQL["purge"], *orphan, *bounds)


async def purged(connection: Connection, orphan: Orphan, now: datetime) -> None:
    """Note that the events are gone, unless some may still be on their way."""
    if now - orphan.deleted_at > LOOKED_FOR:
        await connection.execute(_SQL["purged"], orphan.grouping_hash, orphan.deleted_at)


async def forget_issues(connection: Connection, before: datetime) -> int:
    """Forget issues whose last event was before then and that nobody cares about; how many, at most
    a chunk. The problem is a new one if it comes again."""
    async with connection.transaction():
        await fold.hold(connection)
        ids = [row["id"] for row in await connection.fetch(_SQL["forgettable"], before, ISSUES)]
        if ids:
            await _drop(connection, ids)
            await connection.execute(_MERGING["drop_hashes"], ids)
    return len(ids)


async def forget_rest(connection: Connection, before: datetime) -> None:
    """Forget deletions and releases of which no event is left."""
    async with connection.transaction():
        await fold.hold(connection)
        await connection.execute(_SQL["forget_orphans"], before)
        await connection.execute(_SQL["forget_deletions"], before)
        await connection.execute(_SQL["forget_releases"], before)
