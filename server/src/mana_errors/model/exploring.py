"""What readers see beside issues and events: counts of them by this and that."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.query import EventQuery, PageQuery, Texts
from mana_errors.model.reading import Issue

# Buckets of a histogram: as many bars as fit on a page.
BUCKETS: Final = 60


class ValueCount(msgspec.Struct, frozen=True):
    """How often a value is there."""

    value: str
    count: int


class IssueFacets(msgspec.Struct, frozen=True):
    """How many of the issues of a search have each value; the most frequent 20 of each."""

    total: int
    status: list[ValueCount]
    app: list[ValueCount]
    severity: list[ValueCount]
    environment: Annotated[list[ValueCount], Meta(description="Of the latest 2,000 issues.")]
    release: Annotated[list[ValueCount], Meta(description="Of the latest 2,000 issues.")]
    type: Annotated[list[ValueCount], Meta(description="Of the latest 2,000 issues.")]


class SearchValuesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which values of a field of the search language."""

    field: Annotated[
        str,
        Meta(
            max_length=256,
            pattern=r"^[^\x00]*$",
            examples=["release", "tag.browser"],
            description="As `release` or `tag.browser`; `tag.`: names of tags.",
        ),
    ] = "release"
    prefix: Annotated[str, Meta(max_length=256, pattern=r"^[^\x00]*$")] = ""


class TagValues(msgspec.Struct, frozen=True):
    """A tag of an issue's events, or `environment` or `release`."""

    name: str
    count: Annotated[int, Meta(description="Occurrences that have it.")]
    values: Annotated[list[ValueCount], Meta(description="The most frequent.")]


class TagDistribution(msgspec.Struct, frozen=True):
    """What the latest events of an issue have in common."""

    events: Annotated[int, Meta(description="Stored events that were looked at.")]
    tags: list[TagValues]


class IssueUser(msgspec.Struct, frozen=True, rename="camel"):
    """A user among an issue's latest events."""

    user: str
    count: int
    last_seen: datetime


class IssueRelease(msgspec.Struct, frozen=True, rename="camel"):
    """A release in which an issue occurred; times are whole hours."""

    release: str
    count: int
    first_seen: datetime
    last_seen: datetime


class Neighbours(msgspec.Struct, frozen=True):
    """Events of the same issue around an event; null at the ends."""

    previous: Annotated[UUID | None, Meta(description="The next older one.")]
    next: Annotated[UUID | None, Meta(description="The next newer one.")]


class ReleaseQuery(PageQuery, frozen=True, kw_only=True):
    """Which releases; the newest first."""

    app: Texts = ()


class ReleaseRow(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A release of an app."""

    app: str
    version: str
    first_seen: datetime
    last_seen: datetime | None
    deployed_at: datetime | None
    url: str | None
    events: int
    new_issues: Annotated[int, Meta(description="Issues whose first event it had.")]


class AppOverview(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How an app fares; `before` is the day before the last 24 hours."""

    app: str
    events: Annotated[int, Meta(description="Received in the last 24 hours.")]
    events_before: int
    hours: Annotated[list[int], Meta(description="Received by hour, the running one last.")]
    new_issues: int
    new_issues_before: int
    regressed_issues: int
    unresolved_issues: int


class Rising(msgspec.Struct, frozen=True):
    """An issue that happens more often than the day before."""

    issue: Issue
    count: Annotated[int, Meta(description="In the last 24 hours.")]
    before: int


class Overview(msgspec.Struct, frozen=True):
    """All apps at a glance: the worst first, and what changed since yesterday."""

    apps: list[AppOverview]
    rising: list[Rising]


class UserIssue(msgspec.Struct, frozen=True, rename="camel"):
    """An issue that a user met."""

    issue: Issue
    count: int
    last_seen: datetime


class UserErrors(msgspec.Struct, frozen=True, rename="camel"):
    """What a user met, of their latest 2,000 stored events."""

    user: str
    events: int
    first_seen: datetime | None
    last_seen: datetime | None
    issues: Annotated[list[UserIssue], Meta(description="The latest 100.")]


class HistogramQuery(EventQuery, frozen=True, rename="camel", kw_only=True):
    """Which events, and how they are counted. Default: the last 24 hours."""

    by: Annotated[
        str,
        Meta(
            max_length=256,
            pattern=r"^[^\x00]*$",
            examples=["release", "tag.browser"],
            description="A field of the search language, whose most frequent values are counted.",
        ),
    ] = "environment"


class Bucket(msgspec.Struct, frozen=True):
    """Occurrences in the stretch of time that begins at `at`."""

    at: datetime
    count: int


class Histogram(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Events of a search over time and by a field."""

    since: Annotated[datetime, Meta(description="Where the first bucket begins.")]
    until: datetime
    step_s: float
    complete: Annotated[bool, Meta(description="False: there are more before `countedFrom`.")]
    counted_from: datetime
    count: int
    buckets: Annotated[list[Bucket], Meta(description="Without gaps, oldest first.")]
    values: Annotated[list[ValueCount], Meta(description="The most frequent 20 of `by`.")]
