"""Tokens: secrets that scripts use on the API. Only their SHA-256 is stored."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from mana_errors.errors import Conflict, NotFound
from mana_errors.model.ids import uuid7
from mana_errors.model.principal import Scope
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("tokens")
# Recognizable, so that secret scanners (our own scrubbing included) find a leaked one.
PREFIX: Final = "mana_"
_RANDOM_BYTES: Final = 32


class Token(msgspec.Struct, frozen=True):
    """A token without its secret."""

    id: UUID
    name: str
    scopes: frozenset[str]


class TokenRow(msgspec.Struct, frozen=True, rename="camel"):
    """What a list of tokens shows."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


async def create(
    connection: Connection, name: str, scopes: Iterable[Scope], ttl: timedelta | None = None
) -> str:
    """Make a token and return its plain text, which is never shown again. Raises Conflict."""
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    expires_at = datetime.now(UTC) + ttl if ttl is not None else None
    try:
        await connection.execute(
            _SQL["create"], uuid7(), name, _hash(token), sorted(set(scopes)), expires_at
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"a token named {name!r} exists") from error
    return token


async def find(connection: Connection, token: str) -> Token | None:
    """The token with this plain text, unless it is unknown or expired."""
    row = await connection.fetchrow(_SQL["find"], _hash(token))
    return None if row is None else Token(row["id"], row["name"], frozenset(row["scopes"]))


async def used(connection: Connection, token: Token) -> None:
    """Note that a token was just used."""
    await connection.execute(_SQL["used"], token.id)


async def listed(connection: Connection) -> list[TokenRow]:
    """All tokens, oldest first."""
    return [TokenRow(**dict(row)) for row in await connection.fetch(_SQL["list"])]


async def revoke(connection: Connection, name: str) -> None:
    """Delete a token. Raises NotFound."""
    if await connection.fetchval(_SQL["revoke"], name) is None:
        raise NotFound(f"there is no token named {name!r}")


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
