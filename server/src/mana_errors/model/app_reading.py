"""What readers of the API and the command line see of apps and keys."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mana_errors.model.app import App, Key

_Dsn = Annotated[str, Meta(description="Address for Sentry's SDKs.")]


class Made(msgspec.Struct, frozen=True):
    """What a new app needs to report."""

    id: str
    number: int
    key: str
    dsn: _Dsn


class KeyDetail(Key, frozen=True, rename="camel"):
    """An app's ingest key, and the address that it is part of."""

    dsn: _Dsn


class AppDetail(App, frozen=True, rename="camel", kw_only=True):
    """An app and its keys."""

    keys: list[KeyDetail]


def made(app: App, key: Key, address: str) -> Made:
    """An app and its first key; `address` is the server's, without a slash at its end."""
    return Made(app.id, app.number, key.key, dsn(app.number, key.key, address))


def with_dsn(app: App, key: Key, address: str) -> KeyDetail:
    """A key and its address; `address` is the server's, without a slash at its end."""
    return KeyDetail(**msgspec.structs.asdict(key), dsn=dsn(app.number, key.key, address))


def with_keys(app: App, keys: list[Key], address: str) -> AppDetail:
    """An app and its keys; `address` is the server's, without a slash at its end."""
    detailed = [with_dsn(app, key, address) for key in keys]
    return AppDetail(**msgspec.structs.asdict(app), keys=detailed)


def dsn(number: int, key: str, address: str) -> str:
    """The Sentry-style address of an app: scheme://key@host/number."""
    scheme, _, host = address.partition("://")
    return f"{scheme}://{key}@{host}/{number}"
