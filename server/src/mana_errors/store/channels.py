"""Channels, with their secrets sealed."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import Conflict, NotFound
from mana_errors.model.channel import Channel
from mana_errors.store import audit
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.secrets import SecretBox

_SQL: Final = {
    name: sql.replace("{columns}", load("channels")["columns"])
    for name, sql in load("channels").items()
}
# More is no list to choose from.
MAX_CHANNELS: Final = 200


async def listed(connection: Connection, after: UUID | None, limit: int) -> list[Channel]:
    """Channels, the oldest first, from behind one of them."""
    rows = await connection.fetch(_SQL["list"], after, limit)
    return [msgspec.convert(dict(row), Channel) for row in rows]


async def find(connection: Connection, channel_id: UUID) -> Channel:
    """Raises NotFound."""
    return await _one(connection, "find", channel_id)


async def names(connection: Connection) -> dict[UUID, str]:
    """Of all, also of deleted ones."""
    return {row["id"]: row["name"] for row in await connection.fetch(_SQL["names"])}


async def secret_of(connection: Connection, channel_id: UUID, box: Callable[[], SecretBox]) -> str:
    """Its secret, in the open; empty where it has none. Raises BadSetting for another key's."""
    sealed: bytes | None = await connection.fetchval(_SQL["secrets"], channel_id)
    return unseal(box, channel_id, sealed)


def unseal(box: Callable[[], SecretBox], channel_id: UUID, sealed: bytes | None) -> str:
    """A channel's secret, in the open. `box` is asked for where there is one: it loads a library.
    Raises BadSetting for another key's."""
    return "" if sealed is None else box().open(sealed, _context(channel_id)).decode()


async def create(
    connection: Connection, channel: Channel, secret: str, box: SecretBox, actor: Actor
) -> Channel:
    """Keep a new one. Raises Conflict when there are too many."""
    async with connection.transaction():
        if await connection.fetchval(_SQL["count"]) >= MAX_CHANNELS:
            raise Conflict(f"there are {MAX_CHANNELS} channels: delete one first")
        row = await connection.fetchrow(
            _SQL["create"], *_values(channel, _seal(channel, secret, box))
        )
        assert row is not None  # noqa: S101 - INSERT … RETURNING
        await _note(connection, actor, "channel.create", channel, secret=bool(secret))
    return msgspec.convert(dict(row), Channel)


async def change(
    connection: Connection, channel: Channel, secret: str | None, box: SecretBox, actor: Actor
) -> Channel:
    """Keep it as it is now; secret None: as before. It is tried again at once. Raises NotFound."""
    async with connection.transaction():
        await _one(connection, "lock", channel.id)
        sealed = (
            await connection.fetchval(_SQL["secrets"], channel.id)
            if secret is None
            else _seal(channel, secret, box)
        )
        row = await connection.fetchrow(_SQL["change"], *_values(channel, sealed))
        assert row is not None  # noqa: S101 - locked above
        await _note(connection, actor, "channel.change", channel, secret=secret is not None)
    return msgspec.convert(dict(row), Channel)


async def delete(connection: Connection, channel_id: UUID, actor: Actor) -> None:
    """Send nothing there any more, and forget its secret. Raises NotFound."""
    async with connection.transaction():
        name = await connection.fetchval(_SQL["delete"], channel_id)
        if name is None:
            raise NotFound(f"there is no channel {channel_id}")
        await audit.note(connection, actor, "channel.delete", str(channel_id), {"name": name})


async def tested(connection: Connection, channel: Channel, actor: Actor, *, worked: bool) -> None:
    """Somebody sent a test; if it worked, the channel is left alone no longer."""
    if worked:
        await connection.execute(_SQL["works"], channel.id)
    details = {"name": channel.name, "sent": worked}
    await audit.note(connection, actor, "channel.test", str(channel.id), details)


async def _one(connection: Connection, query: str, channel_id: UUID) -> Channel:
    row = await connection.fetchrow(_SQL[query], channel_id)
    if row is None:
        raise NotFound(f"there is no channel {channel_id}")
    return msgspec.convert(dict(row), Channel)


def _seal(channel: Channel, secret: str, box: SecretBox) -> bytes | None:
    return box.seal(secret.encode(), _context(channel.id)) if secret else None


def _values(channel: Channel, sealed: bytes | None) -> tuple[object, ...]:
    target = msgspec.to_builtins(channel.target)
    return channel.id, channel.name, target, sealed, channel.enabled


def _context(channel_id: UUID) -> bytes:
    return b"channel:" + channel_id.bytes


async def _note(
    connection: Connection, actor: Actor, action: str, channel: Channel, *, secret: bool
) -> None:
    details = {
        "name": channel.name,
        "target": msgspec.to_builtins(channel.target),
        "enabled": channel.enabled,
        "secretSet": secret,
    }
    await audit.note(connection, actor, action, str(channel.id), details)
