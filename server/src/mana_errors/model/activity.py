"""What was done about an issue."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.event import JsonObject
from mana_errors.model.query import NO_NUL


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


# Browsers run other schemes, and a name before the host may be a secret.
WebAddress = Annotated[
    str,
    Meta(
        max_length=2_000,
        pattern=r"^https?://[^\x00]+$",
        description="http or https, without a user's name.",
    ),
]


def check_web_address(text: str) -> None:
    """Raise ValueError for what a pattern cannot tell from an address."""
    address = urlsplit(text)
    named = address.scheme in {"http", "https"} and bool(address.hostname)
    plain = text.isprintable() and not any(map(str.isspace, text))
    if not (named and plain) or "@" in address.netloc:
        raise ValueError("url: must be an address like https://tracker.example/42")


class Comment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says about an issue."""

    text: Annotated[
        str, Meta(min_length=1, max_length=10_000, pattern=NO_NUL, description="Markdown.")
    ]


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where else the issue is worked on: an issue of a tracker, a change."""

    url: WebAddress
    title: Annotated[str, Meta(max_length=200, pattern=NO_NUL)] = ""

    def __post_init__(self) -> None:
        """Raise ValueError for what is no web page's address."""
        check_web_address(self.url)
