"""What was done about an issue."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.event import JsonObject


class Kind(StrEnum):
    """What was done. The first three are triage's."""

    NEW = "new"
    REGRESSED = "regressed"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    IGNORED = "ignored"
    ASSIGNED = "assigned"
    PRIORITY = "priority"
    MERGED = "merged"
    UNMERGED = "unmerged"
    COMMENT = "comment"
    LINK = "link"


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that was done about an issue."""

    id: UUID
    at: datetime
    actor: Annotated[
        str, Meta(description="`member:<e-mail>`, `token:<name>`, `command` or `server`.")
    ]
    kind: Kind
    body: Annotated[
        str | None, Meta(description="A comment's Markdown, as it was written; a link's address.")
    ]
    details: JsonObject
    edited_at: datetime | None
