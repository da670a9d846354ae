"""Grouped events -> what they add to each grouping hash."""

from collections.abc import Container, Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from mana_errors.digest.facets import Fresh, files_of, words_of
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.issue import Delta, ReleaseSpan, Rollup


def summarize(
    items: Iterable[GroupedEvent], fresh: Fresh, described: Container[UUID] = ()
) -> list[Delta]:
    """One delta per grouping hash, with its fresh facets. Those of `described` hashes go without
    their components and words, which are half of a delta's bytes and only needed once.
    """
    groups: dict[UUID, list[GroupedEvent]] = {}
    for item in items:
        groups.setdefault(item.grouping.grouping_hash, []).append(item)
    return [_delta(group, fresh.of(key), key in described) for key, group in groups.items()]


def _delta(group: list[GroupedEvent], facets: list[str], described: bool) -> Delta:  # noqa: FBT001
    events = [item.event for item in group]
    first = min(events, key=_occurred)
    latest = max(group, key=lambda item: item.event.occurred_at)
    last = latest.event
    return Delta(
        grouping_hash=latest.grouping.grouping_hash,
        fingerprint=latest.grouping.fingerprint,
        app_id=last.app_id,
        title=latest.grouping.title,
        error_type=last.error_type,
        culprit=latest.grouping.culprit,
        severity=max((event.severity for event in events), key=lambda severity: severity.rank),
        components=() if described else latest.grouping.components,
        first_seen=first.occurred_at,
        last_seen=last.occurred_at,
        last_received=max(event.received_at for event in events),
        first_release=first.release or "",
        last_release=last.release or "",
        environment=last.environment,
        count=len(events),
        rollups=_rollups(events),
        users=sorted({user_hash(event.user_id) for event in events if event.user_id is not None}),
        releases=_releases(events),
        facets=facets if described else [*facets, *files_of(latest.grouping)],
        words="" if described else words_of(latest),
    )


def _occurred(event: Event) -> datetime:
    return event.occurred_at


def _rollups(events: list[Event]) -> list[Rollup]:
    counts: dict[tuple[datetime, str, str], int] = {}
    for event in events:
        hour = event.occurred_at.replace(minute=0, second=0, microsecond=0)
        key = (hour, event.environment or "", event.release or "")
        counts[key] = counts.get(key, 0) + 1
    return [Rollup(*key, count) for key, count in counts.items()]


def _releases(events: list[Event]) -> list[ReleaseSpan]:
    release = events[0].release
    if all(event.release == release for event in events):
        return []
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(event.release or "", []).append(event)
    return [
        ReleaseSpan(
            release=name,
            first_seen=min(event.occurred_at for event in group),
            last_seen=max(event.occurred_at for event in group),
            last_received=max(event.received_at for event in group),
        )
        for name, group in groups.items()
    ]


# The users of a storm come again within seconds.
@lru_cache(maxsize=10_000)
def user_hash(user_id: str) -> int:
    """64 uniform bits of a user id, for distinct counts."""
    return int.from_bytes(blake2b(user_id.encode(), digest_size=8).digest(), "big")
