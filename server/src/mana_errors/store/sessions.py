"""Sessions: browsers that signed in. Only hashes of their secrets are stored.

A secret is exchanged for a new one every ROTATE, so that a stolen one ends by itself. The old one
goes on working for GRACE after the new one was first seen: requests under way carry it, and a
browser that never got the new one is not signed out.
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from mana_errors.errors import NotFound
from mana_errors.model.ids import uuid7
from mana_errors.model.member import Member, Session
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("sessions")
# A session that nobody uses ends after IDLE, any after ABSOLUTE.
IDLE: Final = timedelta(days=14)
ABSOLUTE: Final = timedelta(days=90)
ROTATE: Final = timedelta(minutes=15)
GRACE: Final = timedelta(minutes=1)
# last_used_at need not be finer than people look.
NOTED: Final = timedelta(minutes=1)
# Browsers and devices of one person; one more signs out the one least used.
MAX_PER_MEMBER: Final = 50
MAX_USER_AGENT: Final = 500
_RANDOM_BYTES: Final = 32


class Found(NamedTuple):
    """A session that a secret opens."""

    session: Session
    member: Member
    # the new secret that the browser must get; None: it keeps its own
    fresh: str | None


async def start(connection: Connection, member_id: UUID, address: str, user_agent: str) -> str:
    """Sign a member in; the secret for the browser."""
    secret = secrets.token_urlsafe(_RANDOM_BYTES)
    values = (uuid7(), member_id, _hash(secret), IDLE, address, user_agent[:MAX_USER_AGENT])
    async with connection.transaction():
        await connection.execute(_SQL["start"], *values)
        await connection.execute(_SQL["prune"], member_id, MAX_PER_MEMBER)
    return secret


async def find(connection: Connection, secret: str) -> Found | None:
    """The session, unless it is unknown, over, revoked, or its member is disabled."""
    query = _SQL["find"].format(columns=_SQL["columns"])
    row = await connection.fetchrow(query, _hash(secret))
    if row is None or _is_stale(row):
        return None
    if row["idle"] >= NOTED:
        await connection.execute(_SQL["used"], row["session_id"], IDLE, ABSOLUTE)
    if row["current"] and row["unconfirmed"]:
        await connection.execute(_SQL["confirm"], row["session_id"], _hash(secret))
    fresh = await _rotated(connection, row, secret) if _is_due(row) else None
    return Found(_session(row), msgspec.convert(dict(row), Member), fresh)


def _is_stale(row: asyncpg.Record) -> bool:
    """An old secret, a while after the new one came into use."""
    return not row["current"] and not row["unconfirmed"] and row["confirmed_for"] > GRACE


def _is_due(row: asyncpg.Record) -> bool:
    """Time for a new secret; or the browser seems never to have got the last one."""
    return row["age"] >= (ROTATE if row["current"] else GRACE) and (
        row["current"] or row["unconfirmed"]
    )


async def _rotated(connection: Connection, row: asyncpg.Record, secret: str) -> str | None:
    fresh = secrets.token_urlsafe(_RANDOM_BYTES)
    session_id: UUID = row["session_id"]
    known = _hash(secret) if row["current"] else await _current_hash(connection, session_id)
    values = (session_id, known, _hash(fresh), _hash(secret))
    won = await connection.fetchval(_SQL["rotate"], *values) is not None
    return fresh if won else None


async def _current_hash(connection: Connection, session_id: UUID) -> bytes | None:
    return await connection.fetchval(_SQL["hash"], session_id)


def _session(row: asyncpg.Record) -> Session:
    return Session(
        id=row["session_id"],
        address=row["address"],
        user_agent=row["user_agent"],
        created_at=row["session_created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
    )


async def listed(connection: Connection, member_id: UUID) -> list[Session]:
    """A member's sessions, the last used first; at most MAX_PER_MEMBER."""
    rows = await connection.fetch(_SQL["list"], member_id)
    return [msgspec.convert(dict(row), Session) for row in rows]


async def revoke(connection: Connection, member_id: UUID, session_id: UUID) -> None:
    """End one of a member's own sessions. Raises NotFound."""
    if await connection.fetchval(_SQL["revoke"], session_id, member_id) is None:
        raise NotFound(f"there is no session {session_id}")


async def revoke_all(connection: Connection, member_id: UUID, except_: UUID | None = None) -> int:
    """End a member's sessions, but one; how many there were."""
    return len(await connection.fetch(_SQL["revoke_all"], member_id, except_))


async def address_is_known(connection: Connection, email: str, address: str) -> bool:
    """Whether the member is signed in from that address: it is no stranger's."""
    return bool(await connection.fetchval(_SQL["address_is_known"], email, address))


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
