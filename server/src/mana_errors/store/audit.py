"""The audit log: every change, by whom. Written in the transaction of the change."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.model.audit import AuditEntry, AuditQuery
from mana_errors.model.ids import uuid7
from mana_errors.model.principal import Apps
from mana_errors.model.query import Position, decode_cursor, encode_cursor, in_utc
from mana_errors.model.reading import Page
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters
from mana_errors.store.queries import load

_SQL: Final = load("audit")
_SORT: Final = "at"


class Actor(msgspec.Struct, frozen=True):
    """Who does something."""

    # member:<e-mail>, token:<name>, command, server
    name: str
    # of the client; empty where there is none
    address: str = ""


COMMAND: Final = Actor("command")
SERVER: Final = Actor("server")


async def note(  # noqa: PLR0913 - an entry has these parts
    connection: Connection,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, object] | None = None,
    *,
    app: str | None = None,
) -> None:
    """Write down a change: `action` as in `app.create`, `details` without secrets. `app` is the
    app that it concerns; without one, only who sees all apps sees the entry."""
    values = (uuid7(), actor.name, action, subject, dict(details or {}), actor.address, app)
    await connection.execute(_SQL["note"], *values)


async def listed(connection: Connection, query: AuditQuery, apps: Apps) -> Page[AuditEntry]:
    """One page of what concerns the apps, newest first. Raises BadRequest for a foreign cursor."""
    filters = Filters()
    if apps is not None:
        filters.add("app_id = ANY({}::text[])", sorted(apps))
    filters.any_of("actor", query.actor)
    filters.any_of("action", query.action)
    filters.any_of("app_id", query.app)
    if query.cursor is not None:
        filters.add("(at, id) < ({}, {})", *_after(query.cursor))
    sql = _SQL["entries"].format(filters=filters, limit=query.limit + 1)
    rows = await connection.fetch(sql, *filters.values)
    entries = [msgspec.convert(dict(row), AuditEntry) for row in rows[: query.limit]]
    if len(rows) <= query.limit:
        return Page(entries, None)
    last = entries[-1]
    return Page(entries, encode_cursor(Position(_SORT, last.at, last.id)))


def _after(cursor: str) -> tuple[object, object]:
    position = decode_cursor(cursor, _SORT)
    if isinstance(position.key, int):
        raise BadRequest("cursor: made for another order")
    return in_utc(position.key), position.id
