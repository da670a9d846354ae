"""The ledger of deliveries, as people read it, and what they do about it."""

from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import Conflict, NotFound
from mana_errors.model.delivery import Delivery, DeliveryQuery, State
from mana_errors.model.ids import uuid7
from mana_errors.model.reading import Page
from mana_errors.store import audit
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters
from mana_errors.store.paging import after, page_of
from mana_errors.store.queries import load

_SQL: Final = load("deliveries")
_COLUMNS: Final = _SQL["columns"]


async def listed(connection: Connection, query: DeliveryQuery) -> Page[Delivery]:
    """One page of deliveries. Raises BadRequest for a foreign cursor."""
    filters = Filters()
    given = {"d.channel_id": query.channel, "d.state": query.state, "d.alert_id": query.alert}
    for column, value in given.items():
        if value is not None:
            filters.add(f"{column} = {{}}", value)
    if (behind := after(query)) is not None:
        filters.add("d.id < {}", behind)
    sql = _SQL["list"].format(columns=_COLUMNS, filters=filters, limit=query.limit + 1)
    rows = await connection.fetch(sql, *filters.values)
    return page_of([msgspec.convert(dict(row), Delivery) for row in rows], query)


async def retry(connection: Connection, delivery_id: UUID, actor: Actor) -> Delivery:
    """Send what is dead or was skipped again, at once. Raises NotFound, Conflict."""
    async with connection.transaction():
        row = await connection.fetchrow(_SQL["retry"].format(columns=_COLUMNS), delivery_id)
        if row is None:
            found = await connection.fetchrow(_SQL["find"].format(columns=_COLUMNS), delivery_id)
            if found is None:
                raise NotFound(f"there is no delivery {delivery_id}")
            raise Conflict(
                f"it is {found['state']}, or a test: only dead and skipped ones go again"
            )
        await audit.note(connection, actor, "delivery.retry", str(delivery_id))
    return msgspec.convert(dict(row), Delivery)


async def add_test(
    connection: Connection, channel_id: UUID, message_id: UUID, state: State, detail: str
) -> None:
    """Put a test on record."""
    await connection.execute(_SQL["add_test"], uuid7(), channel_id, state, message_id, detail)
