"""Writing issues, rollups and distinct users: what triage does with merged deltas."""

from collections.abc import Container
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.event import Severity
from mana_errors.model.ids import uuid7
from mana_errors.model.issue import Delta
from mana_errors.store import sketch
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("fold")
# One triage over all nodes: "mana" and "tria" in ASCII.
_LEADER_LOCK: Final = 0x6D616E61_74726961
# "mana" and "fold".
_HOLD_LOCK: Final = 0x6D616E61_666F6C64


class Place(msgspec.Struct, frozen=True):
    """Where a grouping hash belongs."""

    # None: its issue was deleted
    issue: UUID | None
    # of events received until then, its issue was deleted
    deleted_at: datetime | None
    # whether its issue has others, too
    merged: bool


async def lead(connection: Connection) -> bool:
    """Try to become the one triage; holds for as long as the connection lives."""
    leads: bool = await connection.fetchval(_SQL["lead"], _LEADER_LOCK)
    return leads


async def hold(connection: Connection) -> None:
    """Nobody else folds, merges, deletes or changes a status until the transaction ends. What was
    read before may be stale: begin with it."""
    await connection.execute(_SQL["hold"], _HOLD_LOCK)


async def places_of(connection: Connection, hashes: list[UUID]) -> dict[UUID, Place]:
    """Of those hashes that are known."""
    rows = await connection.fetch(_SQL["places_of"], hashes)
    return {
        row["grouping_hash"]: Place(row["issue_id"], row["deleted_at"], row["merged"])
        for row in rows
    }


async def add_issues(
    connection: Connection, deltas: list[Delta], orphans: Container[UUID] = ()
) -> list[UUID]:
    """Make a new issue of each delta, with its count and users; their ids. `orphans` are hashes
    that are known, but belong to no issue.

    In a storm of new problems this is all that a fold does, so users are written with the issue.
    """
    if not deltas:
        return []
    sketches = {
        delta.grouping_hash: sketch.add(sketch.EMPTY, delta.users)
        for delta in deltas
        if delta.users
    }
    ids = [uuid7() for _ in deltas]
    await _add_hashes(connection, deltas, ids, orphans)
    await connection.execute(
        _SQL["add_issues"],
        ids,
        [delta.app_id for delta in deltas],
        [delta.fingerprint for delta in deltas],
        *_columns(deltas),
        [delta.count for delta in deltas],
        [sketch.count(sketches.get(delta.grouping_hash, sketch.EMPTY)) for delta in deltas],
    )
    await save_sketches(connection, sketches)
    return ids


async def _add_hashes(
    connection: Connection, deltas: list[Delta], issues: list[UUID], orphans: Container[UUID]
) -> None:
    """ON CONFLICT would say the same in one statement and makes each new problem a tenth dearer."""
    issue_of = dict(zip((delta.grouping_hash for delta in deltas), issues, strict=True))
    new = [delta for delta in deltas if delta.grouping_hash not in orphans]
    await connection.execute(
        _SQL["add_hashes"],
        [delta.grouping_hash for delta in new],
        [issue_of[delta.grouping_hash] for delta in new],
        [delta.app_id for delta in new],
        [delta.fingerprint for delta in new],
        [delta.components for delta in new],
    )
    if adopted := [key for key in issue_of if key in orphans]:
        values = (adopted, [issue_of[key] for key in adopted])
        await connection.execute(_SQL["adopt_hashes"], *values)


async def grow_issues(connection: Connection, growth: dict[UUID, Delta]) -> dict[UUID, Severity]:
    """Add to known issues: issue -> what all its hashes got. The severity of those that have had
    worse events."""
    if not growth:
        return {}
    ids = sorted(growth)
    deltas = [growth[issue] for issue in ids]
    counts = [delta.count for delta in deltas]
    rows = await connection.fetch(_SQL["grow_issues"], ids, *_columns(deltas), counts)
    return {row["id"]: Severity(row["worst"]) for row in rows}


async def grow_merged(connection: Connection, deltas: list[Delta]) -> None:
    """Add to what is known of the hashes of merged issues."""
    if deltas:
        hashes = [delta.grouping_hash for delta in deltas]
        await connection.execute(_SQL["grow_merged"], hashes, *_columns(deltas))


def _columns(deltas: list[Delta]) -> tuple[list[object], ...]:
    """What adding and growing all take, in their order."""
    return (
        [delta.title for delta in deltas],
        [delta.error_type for delta in deltas],
        [delta.culprit for delta in deltas],
        [delta.severity for delta in deltas],
        [delta.environment for delta in deltas],
        [delta.first_seen for delta in deltas],
        [delta.last_seen for delta in deltas],
        [delta.first_release or None for delta in deltas],
        [delta.last_release or None for delta in deltas],
    )


async def roll_up(connection: Connection, deltas: list[Delta]) -> None:
    """Add to the hourly counters."""
    rows = sorted(
        (delta.grouping_hash, rollup.hour, rollup.environment, rollup.release, rollup.count)
        for delta in deltas
        for rollup in delta.rollups
    )
    await connection.execute(_SQL["roll_up"], *(list(column) for column in zip(*rows, strict=True)))


async def count_users(connection: Connection, deltas: list[Delta]) -> None:
    """Add users to the sketches of known hashes and write their issues' new numbers."""
    users = {delta.grouping_hash: delta.users for delta in deltas if delta.users}
    if not users:
        return
    known: dict[UUID, bytes] = {
        row["grouping_hash"]: row["sketch"]
        for row in await connection.fetch(_SQL["sketches_of"], list(users))
    }
    grown = {key: sketch.add(known.get(key, sketch.EMPTY), more) for key, more in users.items()}
    changed = {key: value for key, value in grown.items() if value is not known.get(key)}
    await save_sketches(connection, changed)
    if changed:
        await recount_users(connection, list(changed))


async def save_sketches(connection: Connection, sketches: dict[UUID, bytes]) -> None:
    """Write the sketches of these hashes."""
    if not sketches:
        return
    keys = sorted(sketches)
    await connection.execute(_SQL["save_sketches"], keys, [sketches[key] for key in keys])


async def recount_users(connection: Connection, hashes: list[UUID]) -> int:
    """Write the number of users of the hashes' issues anew; how many issues these are."""
    issues = [row["issue_id"] for row in await connection.fetch(_SQL["issues_of"], hashes)]
    await recount_issues(connection, issues)
    return len(issues)


async def recount_issues(connection: Connection, issues: list[UUID]) -> None:
    """Write these issues' numbers of users anew."""
    sketches: dict[UUID, list[bytes]] = {issue: [] for issue in sorted(issues)}
    for row in await connection.fetch(_SQL["sketches_of_issues"], list(sketches)):
        sketches[row["issue_id"]].append(row["sketch"])
    counts = [sketch.count(sketch.merge(found)) for found in sketches.values()]
    await connection.execute(_SQL["save_users"], list(sketches), counts)
