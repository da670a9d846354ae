"""What people do about issues: a closed set of actions, and what takes them back."""

from datetime import datetime
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.condition import Condition
from mana_errors.model.issue import IssueStatus, Priority
from mana_errors.model.query import Time

# As many as a page of the list has.
MAX_ISSUES: Final = 100
# As long as a report's.
ReleaseName = Annotated[str, Meta(min_length=1, max_length=250, pattern=r"^[^\x00]+$")]
# More is for ever; the column that counts holds them.
Threshold = Annotated[int, Meta(ge=1, le=10**12)]
IssueIds = Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MAX_ISSUES)]


class _Base(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename="camel",
    kw_only=True,
    tag_field="do",
):
    pass


class Resolve(_Base, frozen=True, tag="resolve"):
    """It is fixed: now, in the next release, or in a named one. Not both of the latter."""

    in_next_release: bool = False
    in_release: ReleaseName | None = None


class Reopen(_Base, frozen=True, tag="reopen"):
    """It is a problem again."""


class Ignore(_Base, frozen=True, tag="ignore"):
    """It is no problem: for ever, or until one thing."""

    until: Time | None = None
    events: Annotated[Threshold | None, Meta(description="Until so many more came.")] = None
    per_hour: Annotated[
        Threshold | None, Meta(description="Until an hour of the clock has so many events.")
    ] = None
    users: Annotated[Threshold | None, Meta(description="Until so many users met it.")] = None


class Assign(_Base, frozen=True, tag="assign"):
    """Somebody takes care of it; null: nobody."""

    member: UUID | None


class Prioritize(_Base, frozen=True, tag="prioritize"):
    """How urgent it is; null: as urgent as its severity."""

    priority: Priority | None


class Merge(_Base, frozen=True, tag="merge"):
    """They are one problem: the others become part of one of them, which keeps its status."""

    into: UUID


class Delete(_Base, frozen=True, tag="delete"):
    """Away with them and their events, for good. Events that come later make new issues."""


Change: TypeAlias = Resolve | Reopen | Ignore | Assign | Prioritize
Action: TypeAlias = Change | Merge | Delete

BY_STATUS: Final[dict[IssueStatus, Change]] = {
    IssueStatus.RESOLVED: Resolve(),
    IssueStatus.UNRESOLVED: Reopen(),
    IssueStatus.IGNORED: Ignore(),
}


class Actions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One action on several issues."""

    ids: IssueIds
    action: Action


class Acted(msgspec.Struct, frozen=True):
    """What an action did."""

    changed: Annotated[list[UUID], Meta(description="Issues that are not as they were.")]
    undo: Annotated[
        UUID | None, Meta(description="Takes it back for an hour; null: nothing to take back.")
    ]


class Unmerge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of an issue's grouping hashes shall be an issue of their own."""

    hashes: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=1000)]


class UndoRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which action to take back."""

    undo: UUID


class Undone(msgspec.Struct, frozen=True):
    """What became of the issues of an action that was taken back."""

    restored: list[UUID]
    skipped: Annotated[list[UUID], Meta(description="Changed or gone since.")]


class State(msgspec.Struct, frozen=True):
    """Of an issue, what actions change."""

    id: UUID
    app_id: str
    status: IssueStatus
    condition: Condition | None
    resolved_at: datetime | None
    assignee: UUID | None
    priority: Priority | None


class Merged(msgspec.Struct, frozen=True):
    """An issue as it was before it became part of another one."""

    id: UUID
    into: UUID
    state: State
    hashes: list[UUID]
    # its activity was written on these, its alerts fired for these
    origins: list[UUID]
    created_at: datetime
    regressed_at: datetime | None
    regressions: int
    escalated_at: datetime | None


class Undo(msgspec.Struct, frozen=True):
    """What takes an action back: issues as they were and as it left them."""

    before: list[State] = []
    after: list[State] = []
    merged: list[Merged] = []
