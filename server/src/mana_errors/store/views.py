"""Saved views."""

from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import Conflict, NotFound
from mana_errors.model.ids import uuid7
from mana_errors.model.view import NewView, View
from mana_errors.store import audit
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("views")
# Of one member, and of all together: more are no list to choose from.
MAX_VIEWS: Final = 100


async def listed(connection: Connection, member: UUID | None) -> list[View]:
    """Everybody's, and those of a member, by name."""
    rows = await connection.fetch(_SQL["list"], member, 2 * MAX_VIEWS)
    return [msgspec.convert(dict(row), View) for row in rows]


async def create(connection: Connection, new: NewView, member: UUID | None, actor: Actor) -> View:
    """Keep a view: a member's own, or everybody's. Raises Conflict when there are too many."""
    owner = None if new.shared else member
    async with connection.transaction():
        if await connection.fetchval(_SQL["count"], owner) >= MAX_VIEWS:
            raise Conflict(f"there are {MAX_VIEWS} views: delete one first")
        values = (uuid7(), new.name, new.q, new.sort, owner)
        row = await connection.fetchrow(_SQL["create"], *values)
        assert row is not None  # noqa: S101 - INSERT … RETURNING
        details = {"name": new.name, "q": new.q, "shared": new.shared}
        await audit.note(connection, actor, "view.create", str(values[0]), details)
    return msgspec.convert(dict(row), View)


async def find(connection: Connection, view_id: UUID, member: UUID | None) -> View:
    """Raises NotFound, for another member's too."""
    row = await connection.fetchrow(_SQL["find"], view_id, member)
    if row is None:
        raise NotFound(f"there is no view {view_id}")
    return msgspec.convert(dict(row), View)


async def delete(connection: Connection, view: View, actor: Actor) -> None:
    """Forget a view."""
    async with connection.transaction():
        await connection.execute(_SQL["delete"], view.id)
        await audit.note(connection, actor, "view.delete", str(view.id), {"name": view.name})
