"""Why a rule fires or does not, step by step."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.event import JsonObject
from mana_errors.model.rule import Rule


class Check(StrEnum):
    """What is looked at, in this order. A reason in either direction is a check and whether it
    holds."""

    ENABLED = "enabled"
    APP = "app"
    ENVIRONMENT = "environment"
    # what became of the issue
    FACT = "fact"
    # it did not fire a while ago
    BACK_OFF = "backOff"
    # the trigger's numbers
    EVENTS = "events"
    USERS = "users"
    UNUSUAL = "unusual"
    SILENCE = "silence"
    FILTER = "filter"


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """One check."""

    check: Check
    holds: Annotated[bool | None, Meta(description="Null: it could not be known.")]
    numbers: JsonObject = {}


class Explained(Step, frozen=True, rename="camel", kw_only=True):
    """One check, in words."""

    words: str


class ExplainQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For which issue; rules about silence look at its app."""

    issue: UUID


class Explanation(msgspec.Struct, frozen=True, rename="camel"):
    """Why a rule would fire for an issue now, or why not."""

    fires: bool
    steps: list[Explained]
    # for the issue; for a rule about silence: for its app
    last_fired_at: datetime | None
    last_alert_id: UUID | None
    muted_events: Annotated[
        int, Meta(description="The issue's events since then, while the rule keeps quiet.")
    ]


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule to be tried on what is stored."""

    rule: Rule
    days: Annotated[int, Meta(ge=1, le=14)] = 7


class TriedIssue(msgspec.Struct, frozen=True, rename="camel"):
    """How often it would have fired for one issue."""

    # null: for an app as a whole
    issue: UUID | None
    title: str
    times: int


class TriedMoment(msgspec.Struct, frozen=True, rename="camel"):
    """One time that it would have fired."""

    at: datetime
    issue: UUID | None
    app: str
    reason: JsonObject


class TriedDay(msgspec.Struct, frozen=True):
    """How often on one UTC day."""

    day: datetime
    times: int


class Unknown(StrEnum):
    """What a trial cannot know."""

    # filters find issues as they are now; those deleted since are not there
    ISSUES_OF_THEN = "issuesOfThen"
    # of what became of an issue: all that its events had in the stretch stand for those of then
    ENVIRONMENTS = "environments"
    # what was sampled out has no times, and no users, of its own
    SAMPLED = "sampled"
    # known by whole hours only, at least of long ago
    MINUTES = "minutes"
    # there is too much: the latest moments were not looked at, or not all issues
    REST = "rest"


class TrialResult(msgspec.Struct, frozen=True, rename="camel"):
    """What a rule would have done."""

    fired: int
    by_issue: Annotated[list[TriedIssue], Meta(description="The most frequent first, at most 50.")]
    moments: Annotated[list[TriedMoment], Meta(description="The latest, at most 50.")]
    days: Annotated[list[TriedDay], Meta(description="All days of the stretch, oldest first.")]
    unknown: Annotated[list[Unknown], Meta(description="What it cannot know.")]
