"""Whether the fix of an issue works."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from mana_errors.model.condition import InNextRelease, InRelease
from mana_errors.model.release import Release, is_later, reaches


class Verdict(StrEnum):
    """What the events since the resolution say about the fix."""

    # no event of a release that has it
    WORKS = "works"
    FAILED = "failed"
    # no release that has it was seen
    WAITING = "waiting"


class ReleaseCount(msgspec.Struct, frozen=True, rename="camel"):
    """Events of a release since the resolution."""

    release: Annotated[str, Meta(description="Empty: of events that name none.")]
    count: int
    has_fix: Annotated[bool | None, Meta(description="Null: an event without release cannot say.")]


class Fix(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the last fix of an issue works."""

    verdict: Verdict
    resolved_at: datetime
    actor: str
    condition: InRelease | InNextRelease | None
    count: Annotated[int, Meta(description="Events since then, of releases that have the fix.")]
    releases: Annotated[
        list[ReleaseCount], Meta(description="All events since then, the most frequent first.")
    ]


def has_fix(condition: InRelease | InNextRelease, release: Release, bound: Release | None) -> bool:
    """Whether a release has the fix; `bound` is the one that the resolution names."""
    if isinstance(condition, InRelease):
        return bound is not None and reaches(release, bound)
    # The app had no release: its first one is the next.
    return bound is None or is_later(release, bound)


def bound_of(condition: InRelease | InNextRelease) -> str | None:
    """The release that a resolution names."""
    return condition.release if isinstance(condition, InRelease) else condition.after
