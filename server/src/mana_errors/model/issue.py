"""Issues and what the digest tells triage about them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from mana_errors.model.event import Severity


class IssueStatus(StrEnum):
    """Where the work on an issue stands."""

    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Priority(StrEnum):
    """How urgent an issue is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Rollup(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many events one grouping hash got in one hour, environment and release."""

    # UTC, whole hour of occurred_at
    hour: datetime
    # empty = not given
    environment: str
    release: str
    count: int


class ReleaseSpan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When the events of one release occurred, and when the latest was received."""

    # empty = not given
    release: str
    first_seen: datetime
    last_seen: datetime
    last_received: datetime


class Delta(msgspec.Struct, array_like=True, gc=False):
    """What one digested batch adds to one grouping hash. Travels through the deltas table by
    position: a new field goes to the end and has a default."""

    grouping_hash: UUID
    fingerprint: str
    app_id: str
    # of the latest event in the batch
    title: str
    error_type: str
    culprit: str
    severity: Severity
    # empty where this node queued them before
    components: tuple[tuple[str, str], ...]
    first_seen: datetime
    last_seen: datetime
    # latest received_at: decides whether a resolved issue has come back
    last_received: datetime
    # release of the earliest and of the latest event; empty = not given
    first_release: str
    last_release: str
    environment: str | None
    count: int
    rollups: list[Rollup]
    # 64-bit hashes of distinct user ids
    users: list[int]
    # by release, where the events are of several
    releases: list[ReleaseSpan] = []
    # facets that triage may not know (model/facets.py)
    facets: list[str] = []
    # what a search for words finds it by; empty where this node queued it before
    words: str = ""


def spans(delta: Delta) -> list[ReleaseSpan]:
    """By release, whatever their number."""
    if delta.releases:
        return delta.releases
    one = ReleaseSpan(delta.last_release, delta.first_seen, delta.last_seen, delta.last_received)
    return [one]
