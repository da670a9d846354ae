"""Removing a person: the events that name them, and the counts that hold them."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from mana_errors.store import fold, sketch
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.users import REPORTED, bounds

_SQL: Final = load("erasure")
_KEY: Final = ("fingerprint", "occurred_at", "id")
_TEXTS: Final = (
    "request_url",
    "request_headers",
    "request_body",
    "context",
    "tags",
    "notes",
    "payload",
    "browser_info",
    "device_info",
)

Json: TypeAlias = 'bool | int | float | str | list["Json"] | dict[str, "Json"] | None'


class Tie(StrEnum):
    """What ties an event to a person."""

    OF_USER = "of_user"
    # its context has the id, which the users table did not know
    THAT_REPORTED = "that_reported"


class Search(msgspec.Struct, frozen=True):
    """Which events to erase a person from."""

    identifier: str
    tie: Tie
    # UTC, of occurred_at
    day: date


class Forgotten(msgspec.Struct, frozen=True, rename="camel"):
    """What became of the counts of distinct users."""

    # exact sets that held the person
    sketches: int
    # approximations that may hold the person and cannot forget
    estimates: int
    # whose number of users is counted anew
    issues: int


async def erase_some(
    connection: Connection, search: Search, clean: Callable[[Json], Json], limit: int
) -> list[UUID]:
    """Erase a person from at most `limit` events; their grouping hashes. `clean` gives a column's
    value without the person.

    One transaction. What is erased is not found again, so the caller repeats this until fewer
    than `limit` come back.
    """
    values: list[object] = [*bounds(search.day), search.identifier, limit]
    if search.tie is Tie.THAT_REPORTED:
        values.append(REPORTED)
    async with connection.transaction():
        rows = await connection.fetch(_SQL[search.tie], *values)
        keys = [[row[name] for row in rows] for name in _KEY]
        texts = [[clean(row[name]) for row in rows] for name in _TEXTS]
        await connection.execute(_SQL["rewrite"], *keys, *texts, search.identifier)
    return [row["grouping_hash"] for row in rows]


async def erase_from_counts(connection: Connection, user_hash: int, hashes: set[UUID]) -> Forgotten:
    """Take a user out of the exact sets, wherever they are, and count again.

    Within the caller's transaction. `hashes` are those of the user's events: whose approximations
    are told about.
    """
    await connection.execute(_SQL["lock_counts"])
    rows = await connection.fetch(_SQL["exact_sketches"], sketch.trace(user_hash))
    changed: dict[UUID, bytes] = {}
    for row in rows:
        rest = sketch.without(row["sketch"], user_hash)
        if rest is not row["sketch"]:
            changed[row["grouping_hash"]] = rest
    await fold.save_sketches(connection, changed)
    issues = await fold.recount_users(connection, list(changed)) if changed else 0
    estimates: int = await connection.fetchval(_SQL["estimates"], list(hashes))
    return Forgotten(len(changed), estimates, issues)
