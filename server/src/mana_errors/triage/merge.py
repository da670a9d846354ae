"""Deltas of several batches -> one delta for each grouping hash. Pure."""

from collections.abc import Iterable
from uuid import UUID

from mana_errors.model.issue import Delta, Rollup


def merge(deltas: Iterable[Delta]) -> list[Delta]:
    """Add up deltas of the same hash; sorted by hash, so that all folds lock in one order."""
    groups: dict[UUID, list[Delta]] = {}
    for delta in deltas:
        groups.setdefault(delta.grouping_hash, []).append(delta)
    return [add(groups[key]) for key in sorted(groups)]


def add(group: list[Delta]) -> Delta:
    """One delta that does what all of these do, in any order."""
    if len(group) == 1:
        return group[0]
    first = min(group, key=lambda delta: delta.first_seen)
    last = max(group, key=lambda delta: delta.last_seen)
    return Delta(
        grouping_hash=last.grouping_hash,
        fingerprint=last.fingerprint,
        app_id=last.app_id,
        title=last.title,
        error_type=last.error_type,
        culprit=last.culprit,
        severity=max((delta.severity for delta in group), key=lambda severity: severity.rank),
        components=next((delta.components for delta in group if delta.components), ()),
        first_seen=first.first_seen,
        last_seen=last.last_seen,
        last_received=max(delta.last_received for delta in group),
        first_release=first.first_release,
        last_release=last.last_release,
        environment=last.environment,
        count=sum(delta.count for delta in group),
        rollups=_add_rollups(rollup for delta in group for rollup in delta.rollups),
        users=sorted({user for delta in group for user in delta.users}),
        facets=list(dict.fromkeys(facet for delta in group for facet in delta.facets)),
        words=next((delta.words for delta in group if delta.words), ""),
    )


def _add_rollups(rollups: Iterable[Rollup]) -> list[Rollup]:
    counts: dict[tuple[object, ...], Rollup] = {}
    for rollup in rollups:
        key = (rollup.hour, rollup.environment, rollup.release)
        known = counts.get(key)
        total = rollup.count + (known.count if known else 0)
        counts[key] = Rollup(rollup.hour, rollup.environment, rollup.release, total)
    return list(counts.values())
