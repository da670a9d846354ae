"""Alerts as they are read, and forgotten."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import NotFound
from mana_errors.model.alert import AlertDetail, AlertQuery
from mana_errors.model.ids import uuid7
from mana_errors.model.principal import Apps
from mana_errors.model.reading import Page
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.paging import after, page_of
from mana_errors.store.queries import load

_SQL: Final = load("alerts")
# Forgotten in one transaction.
CHUNK: Final = 500


class Frequency(msgspec.Struct, frozen=True):
    """How often a rule fires."""

    # in the last seven days
    week: int
    # None: not as long as alerts are kept
    last: datetime | None


async def listed(connection: Connection, query: AlertQuery, seen: Apps) -> Page[AlertDetail]:
    """One page of alerts, newest first. Raises BadRequest for a foreign cursor."""
    filters = Filters()
    wanted = wanted_apps(query.app, seen)
    if wanted is not None:
        filters.add("a.app_id = ANY({}::text[])", list(wanted))
    if query.issue is not None:
        filters.add("a.issue_id = {}", query.issue)
    if query.rule is not None:
        filters.add("a.rule_id = {}", query.rule)
    if (behind := after(query)) is not None:
        filters.add("a.id < {}", behind)
    return page_of(await _read(connection, filters, query.limit + 1), query)


async def find(connection: Connection, alert_id: UUID, seen: Apps) -> AlertDetail:
    """One alert. Raises NotFound."""
    filters = Filters()
    filters.add("a.id = {}", alert_id)
    found = await _read(connection, filters, 1)
    if not found or (seen is not None and found[0].app_id not in seen):
        raise NotFound(f"there is no alert {alert_id}")
    return found[0]


async def by_id(connection: Connection, ids: Collection[UUID]) -> list[AlertDetail]:
    """Those of these that there are, newest first."""
    filters = Filters()
    filters.add("a.id = ANY({}::uuid[])", list(ids))
    return await _read(connection, filters, max(len(ids), 1))


async def frequencies(
    connection: Connection, rules: Collection[UUID], seen: Apps
) -> dict[UUID, Frequency]:
    """How often each of these rules fires for the apps that somebody sees."""
    apps = None if seen is None else sorted(seen)
    rows = await connection.fetch(_SQL["frequencies"], list(rules), apps)
    return {row["rule"]: Frequency(row["week"], row["last"]) for row in rows}


async def forget(connection: Connection, before: datetime) -> int:
    """Forget alerts of before then and of issues that are gone, with their deliveries; how many
    alerts, at most a chunk."""
    first = uuid7(int(before.timestamp() * 1e9), lambda _: 0)
    async with connection.transaction():
        await connection.execute(_SQL["forget_deliveries"], first)
        return await connection.fetchval(_SQL["forget"], first, CHUNK)


async def _read(connection: Connection, filters: Filters, limit: int) -> list[AlertDetail]:
    sql = _SQL["list"].format(filters=filters, limit=limit)
    rows = await connection.fetch(sql, *filters.values)
    return [msgspec.convert(dict(row), AlertDetail) for row in rows]
