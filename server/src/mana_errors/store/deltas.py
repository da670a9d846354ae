"""The queue between digest and triage."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.ids import uuid7
from mana_errors.model.issue import Delta
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("deltas")
_encoder: Final = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder: Final = msgspec.msgpack.Decoder(list[Delta])


class Queued(msgspec.Struct, frozen=True):
    """One digested batch's deltas."""

    id: UUID
    deltas: list[Delta]
    created_at: datetime


async def insert(connection: Connection, node: UUID, deltas: list[Delta]) -> None:
    """Queue what a batch adds, within the transaction that stores its events."""
    events = sum(delta.count for delta in deltas)
    await connection.execute(_SQL["insert"], uuid7(), node, events, _encoder.encode(deltas))


async def oldest(connection: Connection, limit: int) -> list[Queued]:
    """The next batches to fold."""
    rows = await connection.fetch(_SQL["oldest"], limit)
    return [Queued(row["id"], _decoder.decode(row["body"]), row["created_at"]) for row in rows]


async def clean(connection: Connection) -> None:
    """Give the space of deleted deltas back to the queue. Not within a transaction."""
    await connection.execute(_SQL["clean"])


async def delete(connection: Connection, queued: list[Queued]) -> None:
    """Forget what is folded, within the folding transaction."""
    await connection.execute(_SQL["delete"], [item.id for item in queued])


async def waiting(connection: Connection, before: datetime) -> bool:
    """Whether any that were queued before then are not folded yet."""
    found: bool = await connection.fetchval(_SQL["waiting"], before)
    return found
