"""Saved views: searches of issues that people keep."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.query import IssueSort, Query

_Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


class NewView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view to be kept."""

    name: _Name
    q: Query = ""
    sort: IssueSort = IssueSort.LAST_SEEN
    shared: Annotated[bool, Meta(description="Everybody sees it; needs the scope `triage`.")] = (
        False
    )


class View(msgspec.Struct, frozen=True, rename="camel"):
    """A saved search of issues."""

    id: UUID
    name: str
    q: str
    sort: IssueSort
    shared: Annotated[bool, Meta(description="Everybody sees it; else who made it alone.")]
    created_at: datetime
