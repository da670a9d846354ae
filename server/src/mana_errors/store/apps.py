"""Apps and their ingest keys. Every change is written to the audit log and counts up the version
of the directory, by which the workers notice it."""

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET

from mana_errors import meters
from mana_errors.errors import Conflict, NotFound
from mana_errors.model.app import (
    DEFAULT_SETTINGS,
    App,
    AppSettings,
    Directory,
    Key,
    KnownApp,
    Quota,
)
from mana_errors.model.app_change import AppChange, NewApp, NewKey, merged, stored
from mana_errors.model.event import JsonObject
from mana_errors.model.ids import uuid7
from mana_errors.store.audit import SERVER, Actor, note
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("apps")
# As the keys in the DSNs of other trackers: 32 hex digits.
_KEY_BYTES: Final = 16

_log: Final = logging.getLogger(__name__)


async def read_version(connection: Connection) -> int:
    """The directory's version: another one means that it has changed."""
    return await connection.fetchval(_SQL["version"])


async def read_directory(connection: Connection) -> Directory:
    """All apps and valid keys, as of one instant. The connection must not be in a transaction."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        version = await read_version(connection)
        apps = [_known_app(row) for row in await connection.fetch(_SQL["known"])]
        keys = await connection.fetch(_SQL["valid_keys"])
    return Directory(
        version, {app.id: app for app in apps}, {row["key"]: row["app_id"] for row in keys}
    )


async def ensure(connection: Connection, ids: Iterable[str]) -> list[str]:
    """Register those apps that are not, each with a number and a key; their ids.

    Belongs into the caller's transaction. Others may do the same at once: they wait for its end.
    """
    wanted = sorted(set(ids))
    if not await _missing(connection, wanted):
        return []
    async with connection.transaction():
        first = await connection.fetchval(_SQL["lock"])
        missing = await _missing(connection, wanted)
        if missing:
            numbers = await _count_up(connection, first, len(missing))
            await connection.execute(_SQL["register"], missing, numbers)
            key_ids, keys = [uuid7() for _ in missing], [_random_key() for _ in missing]
            await connection.execute(_SQL["register_keys"], key_ids, missing, keys)
            await connection.execute(_SQL["bump"])
            for app_id, number in zip(missing, numbers, strict=True):
                await note(connection, SERVER, "app.create", app_id, {"number": number}, app=app_id)
    return missing


async def create(connection: Connection, new: NewApp, actor: Actor) -> tuple[App, Key]:
    """Make an app with one key. Raises Conflict naming what exists."""
    async with connection.transaction():
        first = await connection.fetchval(_SQL["lock"])
        number = new.number or (await _count_up(connection, first, 1))[0]
        await connection.execute(_SQL["bump"])
        values = (new.id, number, new.name or new.id, new.platform)
        try:
            [row] = await connection.fetch(_SQL["create"], *values)
        except asyncpg.UniqueViolationError as error:
            same = (
                f"number {number}" if "number" in str(error.constraint_name) else f"id {new.id!r}"
            )
            raise Conflict(f"an app with the {same} exists") from error
        await note(connection, actor, "app.create", new.id, {"number": number}, app=new.id)
        key = await _insert_key(connection, new.id, "", new.key)
    return _app(row), key


async def listed(connection: Connection, apps: frozenset[str] | None) -> list[App]:
    """These apps, or all, by id."""
    rows = await connection.fetch(_SQL["list"], None if apps is None else sorted(apps))
    return [_app(row) for row in rows]


async def find(connection: Connection, app_id: str) -> App:
    """One app. Raises NotFound, for what PostgreSQL's text cannot hold too."""
    row = None if "\0" in app_id else await connection.fetchrow(_SQL["find"], app_id)
    if row is None:
        raise NotFound(f"there is no app {app_id!r}")
    return _app(row)


async def change(connection: Connection, app_id: str, change: AppChange, actor: Actor) -> App:
    """Change an app's name, platform and settings. Raises NotFound, BadRequest naming the field."""
    async with connection.transaction():
        await connection.execute(_SQL["lock"])
        old = await find(connection, app_id)
        new = _changed(old, change)
        if details := _difference(old, new):
            await connection.execute(_SQL["bump"])
            settings = msgspec.to_builtins(new.settings)
            await connection.execute(_SQL["change"], app_id, new.name, new.platform, settings)
            await note(connection, actor, "app.change", app_id, details, app=app_id)
    return new


async def set_over(
    connection: Connection, app_id: str, until: datetime | None, quota: Quota | None
) -> bool:
    """Say until when an app is over which quota; None when it no longer is. Whether that is new."""
    async with connection.transaction():
        values = (app_id, until, quota)
        if not await connection.fetchval(_SQL["over_differs"], *values):
            return False
        await connection.execute(_SQL["bump"])
        await connection.execute(_SQL["set_over"], *values)
    return True


async def add_key(connection: Connection, app_id: str, new: NewKey, actor: Actor) -> Key:
    """Make another key for an app. Raises NotFound, Conflict when the given key is in use."""
    async with connection.transaction():
        await connection.execute(_SQL["bump"])
        await find(connection, app_id)
        key = await _insert_key(connection, app_id, new.name, new.key)
        await _note_key(connection, actor, "key.create", key)
    return key


async def keys_of(connection: Connection, app_id: str) -> list[Key]:
    """All keys of an app, oldest first. Raises NotFound."""
    await find(connection, app_id)
    return [Key(**dict(row)) for row in await connection.fetch(_SQL["keys_of"], app_id)]


async def find_key(connection: Connection, text: str) -> Key:
    """The key with these hex digits. Raises NotFound."""
    row = await connection.fetchrow(_SQL["find_key"], text)
    if row is None:
        raise NotFound(f"there is no key {text!r}")
    return Key(**dict(row))


async def revoke_key(connection: Connection, app_id: str, key_id: UUID, actor: Actor) -> Key:
    """Make a key of an app useless, for good; once more changes nothing. Raises NotFound."""
    async with connection.transaction():
        await find(connection, app_id)
        row = await connection.fetchrow(_SQL["revoke_key"], app_id, key_id)
        if row is None:
            return await _key_of(connection, app_id, key_id)
        await connection.execute(_SQL["bump"])
        key = Key(**dict(row))
        await _note_key(connection, actor, "key.revoke", key)
    return key


async def note_keys_used(connection: Connection, keys: Iterable[str]) -> None:
    """Note that these keys were just used."""
    await connection.execute(_SQL["note_keys_used"], list(keys))


async def _key_of(connection: Connection, app_id: str, key_id: UUID) -> Key:
    row = await connection.fetchrow(_SQL["key_of"], app_id, key_id)
    if row is None:
        raise NotFound(f"the app {app_id!r} has no such key")
    return Key(**dict(row))


async def _missing(connection: Connection, ids: list[str]) -> list[str]:
    return [row["id"] for row in await connection.fetch(_SQL["missing"], ids)]


async def _count_up(connection: Connection, first: int, count: int) -> list[int]:
    """The next free numbers. Under the lock of the directory's row."""
    numbers = [row["n"] for row in await connection.fetch(_SQL["free_numbers"], first, count)]
    await connection.execute(_SQL["count_up"], numbers[-1] + 1)
    return numbers


async def _insert_key(connection: Connection, app_id: str, name: str, given: str | None) -> Key:
    try:
        [row] = await connection.fetch(
            _SQL["add_key"], uuid7(), app_id, given or _random_key(), name
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"the key {given} is in use") from error
    return Key(**dict(row))


async def _note_key(connection: Connection, actor: Actor, action: str, key: Key) -> None:
    details = {"id": str(key.id), "name": key.name}
    await note(connection, actor, action, key.app, details, app=key.app)


def _random_key() -> str:
    return secrets.token_hex(_KEY_BYTES)


def _changed(app: App, change: AppChange) -> App:
    settings = app.settings
    return msgspec.structs.replace(
        app,
        name=app.name if change.name is UNSET else change.name,
        platform=app.platform if change.platform is UNSET else change.platform,
        settings=settings if change.settings is UNSET else merged(settings, change.settings),
    )


def _difference(old: App, new: App) -> JsonObject:
    """What differs, as field -> [before, after]."""
    before, after = _flat(old), _flat(new)
    return {name: [before[name], value] for name, value in after.items() if value != before[name]}


def _flat(app: App) -> JsonObject:
    return {"name": app.name, "platform": app.platform, **msgspec.to_builtins(app.settings)}


def _app(row: asyncpg.Record) -> App:
    settings, over = _settings(row), _quota(row)
    own = (row["id"], row["number"], row["name"], row["platform"], settings, row["created_at"])
    return App(*own, row["over_until"], over)


def _known_app(row: asyncpg.Record) -> KnownApp:
    return KnownApp(row["id"], row["number"], _settings(row), row["over_until"], _quota(row))


def _settings(row: asyncpg.Record) -> AppSettings:
    """One app's settings that were broken by hand must not cost the others theirs."""
    try:
        return stored(row["settings"])
    except msgspec.ValidationError as error:
        meters.unexpected.labels("settings").inc()
        _log.warning("settings that cannot be read: %s", error, extra={"app": row["id"]})
        return DEFAULT_SETTINGS


def _quota(row: asyncpg.Record) -> Quota | None:
    # another release may know more of them
    return next((quota for quota in Quota if quota == row["over"]), None)
