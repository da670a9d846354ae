"""Rules: when an alert fires, for what, how often, and who is told."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.event import Severity
from mana_errors.model.query import NO_NUL

# A day: what happens in longer is no emergency, and is read from the page.
MAX_WINDOW_MINUTES: Final = 24 * 60


class Fact(StrEnum):
    """What becomes of an issue."""

    NEW = "new"
    REGRESSED = "regressed"
    ESCALATED = "escalated"


class _Trigger(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag_field="kind"
):
    pass


_Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]
Minutes = Annotated[int, Meta(ge=1, le=MAX_WINDOW_MINUTES)]


class Becomes(_Trigger, frozen=True, tag="becomes"):
    """An issue is new, regresses, escalates."""

    facts: Annotated[tuple[Fact, ...], Meta(min_length=1, max_length=3)]


class Occurs(_Trigger, frozen=True, tag="occurs"):
    """An issue has an event."""


class ManyEvents(_Trigger, frozen=True, tag="events"):
    """An issue has so many events within so many minutes."""

    events: Annotated[int, Meta(ge=1, le=100_000)]
    minutes: Minutes


class ManyUsers(_Trigger, frozen=True, tag="users"):
    """So many users meet an issue within so many minutes."""

    users: Annotated[int, Meta(ge=1, le=100_000)]
    minutes: Minutes


class Unusual(_Trigger, frozen=True, tag="unusual"):
    """An issue has more than so many times the events that it usually has at this hour."""

    times: Annotated[float, Meta(ge=1.1, le=1000)]
    # fewer in an hour are nothing, however unusual
    least: Annotated[int, Meta(ge=1, le=100_000)] = 10


class Silent(_Trigger, frozen=True, tag="silent"):
    """An app that reported has no event for so many minutes."""

    minutes: Annotated[int, Meta(ge=5, le=7 * MAX_WINDOW_MINUTES)]


Trigger: TypeAlias = Becomes | Occurs | ManyEvents | ManyUsers | Unusual | Silent


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """When nobody is told; what fires is told at the end, all at once."""

    # IANA name: Europe/Berlin
    zone: Annotated[str, Meta(min_length=1, max_length=64)]
    # 22:00; to < start: until the next day
    start: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    # this severe and worse is told at once
    unless: Severity | None = Severity.CRITICAL


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """When people are told, and who."""

    name: _Name
    trigger: Trigger
    # null: all apps
    apps: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=100)] | None = None
    # by the names that the apps use; null: any, also none
    environments: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=20)] | None = None
    # a search of issues (model/search) that the issue must be found by
    filter: Annotated[str, Meta(max_length=1_000, pattern=NO_NUL)] = ""
    channels: Annotated[tuple[UUID, ...], Meta(max_length=20)] = ()
    # after it fired for an issue, not again for that issue so long; for Silent: for that app
    again_after_minutes: Annotated[int, Meta(ge=0, le=30 * 24 * 60)] = 60
    # what fires within so long of the first is told together; 0: at once
    digest_minutes: Annotated[int, Meta(ge=0, le=MAX_WINDOW_MINUTES)] = 0
    quiet: QuietHours | None = None
    enabled: bool = True


class StoredRule(msgspec.Struct, frozen=True, rename="camel"):
    """A rule as it is kept."""

    id: UUID
    rule: Rule
    created_at: datetime
    updated_at: datetime
    failure: Annotated[
        str | None, Meta(description="Why it cannot be applied, so that it never fires; null: can.")
    ]
