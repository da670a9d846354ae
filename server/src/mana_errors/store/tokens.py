"""Tokens: secrets that scripts use on the API. Only their SHA-256 is stored."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from mana_errors.errors import Conflict, NotFound
from mana_errors.model.ids import uuid7
from mana_errors.model.member import BoundApps
from mana_errors.model.principal import Apps, Scope
from mana_errors.store import audit
from mana_errors.store.audit import COMMAND, Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("tokens")
# Recognizable, so that secret scanners (our own scrubbing included) find a leaked one.
PREFIX: Final = "mana_"
_RANDOM_BYTES: Final = 32
# More than that are no list to read; a page shows fewer.
MAX_LISTED: Final = 1000


class Token(msgspec.Struct, frozen=True):
    """A token without its secret."""

    id: UUID
    name: str
    scopes: frozenset[str]
    apps: Apps = None


class TokenRow(msgspec.Struct, frozen=True, rename="camel"):
    """What a list of tokens shows."""

    id: UUID
    name: str
    scopes: list[Scope]
    apps: Annotated[BoundApps, Meta(description="Apps that it sees and changes; null: all.")]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


async def create(  # noqa: PLR0913 - a token has these parts
    connection: Connection,
    name: str,
    scopes: Iterable[Scope],
    ttl: timedelta | None = None,
    *,
    apps: BoundApps = None,
    actor: Actor = COMMAND,
) -> str:
    """Make a token and return its plain text, which is never shown again. Raises Conflict."""
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    expires_at = datetime.now(UTC) + ttl if ttl is not None else None
    allowed = sorted(set(scopes))
    bound = None if apps is None else sorted(set(apps))
    async with connection.transaction():
        try:
            await connection.execute(
                _SQL["create"], uuid7(), name, _hash(token), allowed, expires_at, bound
            )
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"a token named {name!r} exists") from error
        details = {"scopes": allowed, "apps": bound, "expiresAt": expires_at}
        await audit.note(connection, actor, "token.create", name, details)
    return token


async def find(connection: Connection, token: str) -> Token | None:
    """The token with this plain text, unless it is unknown or expired."""
    row = await connection.fetchrow(_SQL["find"], _hash(token))
    if row is None:
        return None
    apps = None if row["apps"] is None else frozenset(row["apps"])
    return Token(row["id"], row["name"], frozenset(row["scopes"]), apps)


async def used(connection: Connection, token: Token) -> None:
    """Note that a token was just used."""
    await connection.execute(_SQL["used"], token.id)


async def listed(
    connection: Connection, after: UUID | None = None, limit: int = MAX_LISTED
) -> list[TokenRow]:
    """Tokens, the oldest first, from behind one of them."""
    rows = await connection.fetch(_SQL["list"], after, limit)
    return [msgspec.convert(dict(row), TokenRow) for row in rows]


async def named(connection: Connection, name: str) -> TokenRow:
    """Raises NotFound."""
    token_id = await connection.fetchval(_SQL["id_of"], name)
    row = await connection.fetchrow(_SQL["row"], token_id)
    if row is None:
        raise NotFound(f"there is no token named {name!r}")
    return msgspec.convert(dict(row), TokenRow)


async def revoke(connection: Connection, token_id: UUID, actor: Actor = COMMAND) -> str:
    """Delete a token; its name. Raises NotFound."""
    async with connection.transaction():
        name: str | None = await connection.fetchval(_SQL["revoke"], token_id)
        if name is None:
            raise NotFound(f"there is no token {token_id}")
        await audit.note(connection, actor, "token.revoke", name)
    return name


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
