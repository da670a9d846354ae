"""The audit log: every change, by whom. Written in the transaction of the change."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mana_errors.model.ids import uuid7
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("audit")


class Actor(msgspec.Struct, frozen=True):
    """Who does something."""

    # member:<e-mail>, token:<name>, command, server
    name: str
    # of the client; empty where there is none
    address: str = ""


COMMAND: Final = Actor("command")
SERVER: Final = Actor("server")


async def note(
    connection: Connection,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write down a change: `action` as in `app.create`, `details` without secrets."""
    values = (uuid7(), actor.name, action, subject, dict(details or {}), actor.address)
    await connection.execute(_SQL["note"], *values)
