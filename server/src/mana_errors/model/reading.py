"""What readers of the API and the pages see. Field names in camelCase are the JSON names."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.condition import Condition
from mana_errors.model.event import JsonObject, Severity, SourceType
from mana_errors.model.issue import IssueStatus, Priority

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: list[T]
    next: Annotated[str | None, Meta(description="Cursor of the next page; null on the last.")]


class Assignee(msgspec.Struct, frozen=True):
    """Who takes care of an issue."""

    id: UUID
    email: str
    name: str


class Issue(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The group of events that are the same problem. Times are UTC."""

    id: UUID
    app: str
    title: str
    type: str
    culprit: str
    severity: Annotated[Severity, Meta(description="The worst of its events.")]
    status: IssueStatus
    count: Annotated[int, Meta(description="Exact number of occurrences.")]
    users: Annotated[int, Meta(description="Distinct users: exact when few, else within 2 %.")]
    first_seen: datetime
    last_seen: datetime
    release: Annotated[str | None, Meta(description="Of the latest event.")]
    first_release: Annotated[str | None, Meta(description="Of the earliest event.")]
    environment: Annotated[str | None, Meta(description="Of the latest event.")]
    fingerprint: str
    resolved_at: datetime | None
    regressed_at: Annotated[datetime | None, Meta(description="When it last came back.")]
    regressions: Annotated[int, Meta(description="How often it came back after being resolved.")]
    escalated_at: Annotated[
        datetime | None, Meta(description="When it last was too much to be ignored any longer.")
    ]
    condition: Annotated[Condition | None, Meta(description="What ends its status.")]
    priority: Annotated[Priority, Meta(description="As somebody set it, else by severity.")]
    assignee: Assignee | None


class Sparkline(msgspec.Struct, frozen=True):
    """Occurrences over time, oldest first; the last hour and the last day are still running."""

    hours: Annotated[list[int], Meta(description="The last 24 hours.")]
    days: Annotated[list[int], Meta(description="The last 14 UTC days.")]


class ListedIssue(Issue, frozen=True, rename="camel", kw_only=True):
    """An issue in a list."""

    sparkline: Sparkline
    is_new: Annotated[bool, Meta(description="First seen in the last 24 hours.")]
    is_regressed: Annotated[bool, Meta(description="It came back, and nobody did anything yet.")]


class Component(msgspec.Struct, frozen=True):
    """One part of what a grouping hash was made from."""

    name: str
    value: str


class IssueHash(msgspec.Struct, frozen=True, rename="camel"):
    """A grouping hash whose events belong to the issue, and why."""

    grouping_hash: UUID
    fingerprint: str
    components: list[Component]


class IssueGroup(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What an issue would be of one of its grouping hashes alone."""

    grouping_hash: UUID
    title: str
    type: str
    culprit: str
    count: int
    first_seen: datetime
    last_seen: datetime


class Tick(msgspec.Struct, frozen=True):
    """Occurrences in the hour or UTC day that begins at `at`."""

    at: datetime
    count: int


class Trend(msgspec.Struct, frozen=True):
    """Occurrences over time, oldest first, without gaps; the last one is still running."""

    hours: Annotated[list[Tick], Meta(description="The last 24 hours.")]
    days: Annotated[list[Tick], Meta(description="The last 14 days.")]


class IssueDetail(Issue, frozen=True, rename="camel", kw_only=True):
    """An issue, why its events are in it, and how often it happens."""

    hashes: list[IssueHash]
    trend: Trend
    latest_event_id: UUID | None


class EventSummary(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One reported error, without stack trace, request and context."""

    id: UUID
    issue_id: Annotated[UUID | None, Meta(description="Null for an instant after its arrival.")]
    app_id: str
    error_code: str
    error_type: str
    message: str
    severity: Severity
    environment: str | None
    release: str | None
    source_type: SourceType | None
    service_name: str | None
    user_id: str | None
    request_method: str | None
    request_url: str | None
    response_status_code: int | None
    fingerprint: str
    weight: Annotated[int, Meta(description="Occurrences that it stands for.")]
    occurred_at: datetime


class EventDetail(EventSummary, frozen=True, rename="camel", kw_only=True):
    """One reported error, whole, as it was stored: secrets are masked."""

    stack_trace: str | None
    session_id: str | None
    request_headers: JsonObject | None
    request_body: JsonObject | None
    context: JsonObject | None
    user_agent: str | None
    browser_info: JsonObject | None
    device_info: JsonObject | None
    grouping_hash: UUID
    protocol: str
    tags: JsonObject | None
    notes: Annotated[JsonObject | None, Meta(description="What the server changed, and why.")]
    payload: JsonObject | None
    received_at: datetime
    created_at: datetime
