"""Deltas of several batches -> one delta for each grouping hash. Pure."""

from collections.abc import Iterable
from uuid import UUID

from mana_errors.model.issue import Delta, ReleaseSpan, Rollup, spans


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
        releases=_add_releases(group),
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


def _add_releases(group: list[Delta]) -> list[ReleaseSpan]:
    release = group[0].last_release
    if all(not delta.releases and delta.last_release == release for delta in group):
        return []
    found: dict[str, ReleaseSpan] = {}
    for span in (span for delta in group for span in spans(delta)):
        known = found.get(span.release, span)
        found[span.release] = ReleaseSpan(
            release=span.release,
            first_seen=min(known.first_seen, span.first_seen),
            last_seen=max(known.last_seen, span.last_seen),
            last_received=max(known.last_received, span.last_received),
        )
    return list(found.values())
