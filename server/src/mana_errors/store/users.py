"""The users that events name: which exist, and what is left of those that do not."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from mana_errors.errors import DatabaseUnusable
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("users")
# Key of an event's context for the id of a user who is not in the users table.
REPORTED: Final = "reportedUserId"
# A bigint's text has at most as many characters as the lowest one.
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")
_MAX_NUMBER: Final = 2**63 - 1
# The table is somebody else's, and so are its column's type and who may read it.
_UNREADABLE: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InsufficientPrivilegeError,
)


async def known(connection: Connection, table: str, ids: set[str]) -> set[str]:
    """Those of the ids that are in the users table, compared as text.

    Raises DatabaseUnusable when the table or its column `id` is missing or may not be read. A
    transaction around it stays usable.
    """
    try:
        async with connection.transaction():
            return await _known(connection, quoted(table), ids)
    except _UNREADABLE as error:
        raise DatabaseUnusable(f"users table {table}: {error}") from error


async def is_empty(connection: Connection, table: str) -> bool:
    """Whether we see no user at all. Raises DatabaseUnusable as known() does."""
    try:
        async with connection.transaction():
            found: bool = await connection.fetchval(_of(table, "any_user"))
    except _UNREADABLE as error:
        raise DatabaseUnusable(f"users table {table}: {error}") from error
    return not found


async def named(connection: Connection, day: date, after: str, limit: int) -> list[str]:
    """Distinct user ids of a day's events, in order, from behind `after`; at most `limit`."""
    rows = await connection.fetch(_SQL["named"], *bounds(day), after, limit)
    return [row["id"] for row in rows]


async def forget(connection: Connection, day: date, ids: set[str], limit: int) -> int:
    """Take the user from events of these users on a day; how many, at most `limit`."""
    forgotten: int = await connection.fetchval(_SQL["forget"], *bounds(day), sorted(ids), limit)
    return forgotten


def bounds(day: date) -> tuple[datetime, datetime]:
    """From when until when a day's partition reaches."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def quoted(table: str) -> str:
    """A setting's `schema.table` or `table` as SQL."""
    return ".".join(f'"{part}"' for part in table.split("."))


def _of(table: str, name: str) -> str:
    return _SQL[name].format(table=quoted(table))


async def _known(connection: Connection, name: str, ids: set[str]) -> set[str]:
    kind: str | None = await connection.fetchval(_SQL["column"], name)
    if kind is None:
        raise DatabaseUnusable(f"users table {name}: there is no such table with a column id")
    query, fits = _LOOK_UPS.get(kind, ("known_other", _any))
    candidates = [identifier for identifier in ids if fits(identifier)]
    if not candidates:
        return set()
    rows = await connection.fetch(_SQL[query].format(table=name), candidates)
    return {row["id"] for row in rows}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and -_MAX_NUMBER <= int(text) <= _MAX_NUMBER


def _any(_text: str) -> bool:
    return True


# By the column's type, so that its index is used: the query, and what can be an id at all.
_LOOK_UPS: Final[dict[str, tuple[str, Callable[[str], bool]]]] = {
    "uuid": ("known_uuid", _is_uuid),
    "int2": ("known_number", _is_number),
    "int4": ("known_number", _is_number),
    "int8": ("known_number", _is_number),
    "text": ("known_text", _any),
    "varchar": ("known_text", _any),
}
