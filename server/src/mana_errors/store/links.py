"""Links that work once: the first owner's welcome, invitations, new passwords."""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from mana_errors.errors import NotFound
from mana_errors.model.ids import uuid7
from mana_errors.model.member import BoundApps, Link, Purpose
from mana_errors.model.principal import Role
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("links")
_COLUMNS: Final = _SQL["columns"]
# Long enough for a person who is asked by e-mail.
INVITATION_TTL: Final = timedelta(days=7)
PASSWORD_TTL: Final = timedelta(days=1)
# It gives away the whole server; the next start prints another one.
WELCOME_TTL: Final = timedelta(days=1)
_RANDOM_BYTES: Final = 32


class NewLink(NamedTuple):
    """What a link will do."""

    purpose: Purpose
    email: str
    role: Role
    apps: BoundApps = None
    # whose password it sets
    member_id: UUID | None = None


async def make(connection: Connection, link: NewLink, ttl: timedelta) -> str:
    """The secret of a new link. Earlier ones for the same end stop working."""
    secret = secrets.token_urlsafe(_RANDOM_BYTES)
    apps = None if link.apps is None else list(link.apps)
    same = (link.purpose, link.email, link.member_id)
    async with connection.transaction():
        await connection.execute(_SQL["supersede"], *same)
        await connection.execute(
            _SQL["make"], uuid7(), link.purpose, _hash(secret), link.email, link.role, apps,
            link.member_id, ttl,
        )  # fmt: skip
    return secret


async def look(connection: Connection, secret: str) -> Link:
    """What a link would do. Raises NotFound when it is unknown, used or over."""
    return _link(await connection.fetchrow(_SQL["look"].format(columns=_COLUMNS), _hash(secret)))


async def use(connection: Connection, secret: str) -> Link:
    """Use it up, in the transaction of what it does. Raises NotFound as `look`."""
    return _link(await connection.fetchrow(_SQL["use"].format(columns=_COLUMNS), _hash(secret)))


async def forget_member(connection: Connection, member_id: UUID, email: str) -> None:
    """Drop what was made for somebody."""
    await connection.execute(_SQL["forget_member"], member_id, email)


def _link(row: asyncpg.Record | None) -> Link:
    if row is None:
        raise NotFound("the link was used, is too old, or never was one")
    return Link(
        id=row["id"],
        purpose=Purpose(row["purpose"]),
        email=row["email"],
        role=Role(row["role"]),
        apps=None if row["apps"] is None else tuple(row["apps"]),
        member_id=row["member_id"],
        expires_at=row["expires_at"],
    )


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
