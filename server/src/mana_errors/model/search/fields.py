"""What can be asked for, and of what."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from mana_errors.model.event import Severity
from mana_errors.model.issue import IssueStatus


class Subject(StrEnum):
    """What is searched."""

    ISSUES = "issues"
    EVENTS = "events"


class Kind(StrEnum):
    """What a field's value is."""

    # as it is, or with * for anything
    TEXT = "text"
    # as it is; * alone: any
    NAME = "name"
    # one of a few
    CHOICE = "choice"
    # one of a few that have an order
    RANK = "rank"
    NUMBER = "number"
    # a day, an instant, or so long ago: 2026-01-31, 2026-01-31T12:00Z, -24h
    TIME = "time"


class Field(msgspec.Struct, frozen=True):
    """One field of the language."""

    name: str
    kind: Kind
    meaning: str
    subjects: tuple[Subject, ...] = (Subject.ISSUES, Subject.EVENTS)
    choices: Annotated[tuple[str, ...], Meta(description="All values, where they are few.")] = ()
    aliases: tuple[str, ...] = ()


_ISSUES: Final = (Subject.ISSUES,)
# Of `is` beside an issue's status.
NEW: Final = "new"
REGRESSED: Final = "regressed"
ESCALATING: Final = "escalating"
# Of `assigned` beside e-mail addresses.
ME: Final = "me"
NOBODY: Final = "none"

FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "is",
        Kind.CHOICE,
        "state of the issue; new: first seen in the last 24 hours; regressed: came back; "
        "escalating: too much to be ignored any longer",
        _ISSUES,
        (*(status.value for status in IssueStatus), NEW, REGRESSED, ESCALATING),
    ),
    Field("app", Kind.TEXT, "app"),
    Field("environment", Kind.TEXT, "environment of an event", aliases=("env",)),
    Field(
        "severity",
        Kind.RANK,
        "severity; of an issue: of its worst event",
        choices=tuple(severity.value for severity in Severity),
        aliases=("level",),
    ),
    Field("assigned", Kind.NAME, "e-mail address of a member, me or none", _ISSUES),
    Field("user", Kind.NAME, "id of a user who met it"),
    Field("release", Kind.TEXT, "release of an event"),
    Field("type", Kind.TEXT, "error type"),
    Field("code", Kind.TEXT, "error code"),
    Field("path", Kind.TEXT, "path of the request, or the beginning of it; ids are <id>"),
    Field("method", Kind.TEXT, "method of the request"),
    Field("status", Kind.TEXT, "HTTP status of the response: 500, 5*"),
    Field("service", Kind.TEXT, "name of the service"),
    Field("file", Kind.TEXT, "source file in the stack: folder and name", _ISSUES),
    Field("fingerprint", Kind.TEXT, "fingerprint"),
    Field("first", Kind.TIME, "when the issue was first seen", _ISSUES),
    Field("last", Kind.TIME, "when the issue was last seen", _ISSUES),
    Field("count", Kind.NUMBER, "occurrences of the issue", _ISSUES),
    Field("users", Kind.NUMBER, "users who met the issue", _ISSUES),
)
# tag.<name>: any tag of an event
TAG: Final = "tag."
_TAGS: Final = Field(TAG, Kind.TEXT, "a tag of an event: tag.browser:Firefox")
_NAMED: Final = {name: field for field in FIELDS for name in (field.name, *field.aliases)}


def field_named(name: str) -> Field | None:
    """The field of this name or alias; that of a tag carries the tag's whole name."""
    if name.startswith(TAG) and len(name) > len(TAG):
        return msgspec.structs.replace(_TAGS, name=name)
    return _NAMED.get(name)
