"""People who may sign in, their sessions, and links that work once."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.errors import BadRequest
from mana_errors.model.principal import SCOPES_OF, Apps, Principal, Role

# RFC 5321 allows no longer address.
MAX_EMAIL: Final = 254
# A list that is read with every request of its member; who needs more sees all.
MAX_BOUND_APPS: Final = 100
# Pages show it in one line.
MAX_NAME: Final = 100

# PostgreSQL's text holds no NUL.
_APP_ID = Annotated[str, Meta(min_length=1, max_length=50, pattern=r"^[^\x00]*$")]
_BOUND_APPS = Annotated[tuple[_APP_ID, ...], Meta(max_length=MAX_BOUND_APPS)]
# As JSON and tables have it; null: all apps.
BoundApps = _BOUND_APPS | None


class Member(msgspec.Struct, frozen=True, rename="camel"):
    """A person who may sign in."""

    id: UUID
    # lower case
    email: str
    name: str
    role: Role
    apps: Annotated[BoundApps, Meta(description="Apps that they see and change; null: all.")]
    two_factor: Annotated[bool, Meta(description="Whether signing in needs a code (TOTP).")]
    # of pages; null: what their browser asks for
    language: str | None
    created_at: datetime
    disabled_at: datetime | None

    @property
    def bound_to(self) -> Apps:
        """Their apps as a set; None: all."""
        return None if self.apps is None else frozenset(self.apps)


class Session(msgspec.Struct, frozen=True, rename="camel"):
    """A member's browser that signed in."""

    id: UUID
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class Purpose(StrEnum):
    """What a one-time link is for."""

    # the first owner
    WELCOME = "welcome"
    # a new member
    INVITATION = "invitation"
    # a member's new password
    PASSWORD = "password"  # noqa: S105 - a purpose


class Link(msgspec.Struct, frozen=True):
    """A link that works once."""

    id: UUID
    purpose: Purpose
    # whom it invites; empty for a welcome, whose user chooses
    email: str
    # what a new member will be
    role: Role
    apps: BoundApps
    # whose password it sets
    member_id: UUID | None
    expires_at: datetime


def normal_email(text: str) -> str:
    """One way of writing an address: lower case, no space around it. Raises BadRequest."""
    email = text.strip().lower()
    local, at, domain = email.rpartition("@")
    if not (at and local and domain) or len(email) > MAX_EMAIL:
        raise BadRequest(f"email: at most {MAX_EMAIL} characters, like anna@example.org")
    if not email.isprintable() or any(character.isspace() for character in email):
        raise BadRequest("email: without spaces and control characters")
    return email


def principal_of(member: Member, session_id: UUID, address: str) -> Principal:
    """A member who asks from a client address."""
    return Principal(
        name=f"member:{member.email}",
        scopes=SCOPES_OF[member.role],
        apps=member.bound_to,
        role=member.role,
        address=address,
        member_id=member.id,
        session_id=session_id,
    )
