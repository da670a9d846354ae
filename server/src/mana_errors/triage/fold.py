"""Folds queued deltas into issues: one transaction, so nothing counts twice or never."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from mana_errors.model.issue import Delta
from mana_errors.store import deltas, facets, fold, releases
from mana_errors.store.db import Connection
from mana_errors.store.deltas import Queued
from mana_errors.store.fold import Place
from mana_errors.triage.alert import alert
from mana_errors.triage.merge import add, merge
from mana_errors.triage.reopen import reopen
from mana_errors.triage.sight import seen_again, seen_new
from mana_errors.triage.watch import Watch

# Batches in one transaction: at most 20,000 events, whose deltas fit in a few megabytes.
MAX_BATCHES: Final = 20


async def fold_once(connection: Connection, watch: Watch | None = None) -> list[Queued]:
    """Fold the oldest batches; returns them, none when the queue is empty. `watch` goes with the
    connection that leads; None: for this once."""
    async with connection.transaction():
        queued = await deltas.oldest(connection, MAX_BATCHES)
        if queued:
            await fold.hold(connection)
            merged = merge(delta for item in queued for delta in item.deltas)
            await _fold(connection, merged, Watch() if watch is None else watch)
            await deltas.delete(connection, queued)
    return queued


async def _fold(connection: Connection, merged: list[Delta], watch: Watch) -> None:
    """What one transaction writes: issues, releases, rollups, users, facets, what comes back, which
    rules fire."""
    places = await fold.places_of(connection, [delta.grouping_hash for delta in merged])
    merged = [delta for delta in merged if not _is_deleted(delta, places)]
    if not merged:
        return
    known = {key: place.issue for key, place in places.items() if place.issue is not None}
    new = [delta for delta in merged if delta.grouping_hash not in known]
    made = await fold.add_issues(connection, new, places)
    await releases.see(connection, merged, {delta.grouping_hash for delta in new})
    growth = _by_issue(merged, known)
    worse = await fold.grow_issues(connection, growth)
    await fold.grow_merged(connection, [d for d in merged if _is_merged(d, places)])
    await fold.roll_up(connection, merged)
    await fold.count_users(connection, [item for item in merged if item.grouping_hash in known])
    await facets.add(connection, merged)
    reopened = await reopen(connection, growth)
    again = seen_again(growth, worse, reopened, _with_others(places))
    sights = [*seen_new(made, new), *again]
    await alert(connection, watch, sights, datetime.now(UTC))


def _is_deleted(delta: Delta, places: dict[UUID, Place]) -> bool:
    """Whether its events belong to an issue that was deleted after they were received."""
    place = places.get(delta.grouping_hash)
    return place is not None and (
        place.deleted_at is not None and delta.last_received <= place.deleted_at
    )


def _is_merged(delta: Delta, places: dict[UUID, Place]) -> bool:
    place = places.get(delta.grouping_hash)
    return place is not None and place.merged


def _with_others(places: dict[UUID, Place]) -> set[UUID]:
    return {place.issue for place in places.values() if place.merged and place.issue is not None}


def _by_issue(merged: list[Delta], known: dict[UUID, UUID]) -> dict[UUID, Delta]:
    groups: dict[UUID, list[Delta]] = {}
    for delta in merged:
        if (issue := known.get(delta.grouping_hash)) is not None:
            groups.setdefault(issue, []).append(delta)
    return {issue: add(group) for issue, group in groups.items()}
