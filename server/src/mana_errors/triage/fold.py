"""Folds queued deltas into issues: one transaction, so nothing counts twice or never."""

from typing import Final
from uuid import UUID

from mana_errors.model.issue import Delta
from mana_errors.store import deltas, facets, fold
from mana_errors.store.db import Connection
from mana_errors.store.deltas import Queued
from mana_errors.triage.merge import add, merge

# Batches in one transaction: at most 20,000 events, whose deltas fit in a few megabytes.
MAX_BATCHES: Final = 20


async def fold_once(connection: Connection) -> list[Queued]:
    """Fold the oldest batches; returns them, none when the queue is empty."""
    async with connection.transaction():
        queued = await deltas.oldest(connection, MAX_BATCHES)
        if queued:
            await _fold(connection, merge(delta for item in queued for delta in item.deltas))
            await deltas.delete(connection, queued)
    return queued


async def _fold(connection: Connection, merged: list[Delta]) -> None:
    """What one transaction writes: issues, rollups, distinct users, facets."""
    known = await fold.issues_of(connection, [delta.grouping_hash for delta in merged])
    new = [delta for delta in merged if delta.grouping_hash not in known]
    await fold.add_issues(connection, new)
    await fold.grow_issues(connection, _by_issue(merged, known))
    await fold.roll_up(connection, merged)
    await fold.count_users(connection, [item for item in merged if item.grouping_hash in known])
    await facets.add(connection, merged)


def _by_issue(merged: list[Delta], known: dict[UUID, UUID]) -> dict[UUID, Delta]:
    groups: dict[UUID, list[Delta]] = {}
    for delta in merged:
        if (issue := known.get(delta.grouping_hash)) is not None:
            groups.setdefault(issue, []).append(delta)
    return {issue: add(group) for issue, group in groups.items()}
