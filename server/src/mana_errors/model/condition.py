"""What ends an issue's status: stored with it, decided by triage."""

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta


class _Base(msgspec.Struct, frozen=True, rename="camel", tag_field="kind"):
    pass


class InRelease(_Base, frozen=True, tag="inRelease"):
    """Resolved in a release: it and later ones have the fix, so an event of these reopens it."""

    release: str


class InNextRelease(_Base, frozen=True, tag="inNextRelease"):
    """Resolved in the next release: an event of a later one than `after` reopens it."""

    after: Annotated[str | None, Meta(description="Null: the app had no release yet.")]


class UntilTime(_Base, frozen=True, tag="untilTime"):
    """Ignored until then."""

    at: datetime


class UntilEvents(_Base, frozen=True, tag="untilEvents"):
    """Ignored until so many more events came."""

    more: int
    total: Annotated[int, Meta(description="The issue's count at which it escalates.")]


class UntilRate(_Base, frozen=True, tag="untilRate"):
    """Ignored until an hour (of the clock, UTC) has so many events."""

    per_hour: int
    # the hour in which it was ignored, and the events that this hour had
    since: datetime
    before: int


class UntilUsers(_Base, frozen=True, tag="untilUsers"):
    """Ignored until so many users met it."""

    users: int


Condition: TypeAlias = InRelease | InNextRelease | UntilTime | UntilEvents | UntilRate | UntilUsers
