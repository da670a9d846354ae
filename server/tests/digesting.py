"""A node's spool, digest and triage in a test, on a database."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, log2
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from mana_errors.digest.run import Digest, DigestPlace, DigestRules
from mana_errors.model.app import EMPTY_DIRECTORY, Directory
from mana_errors.model.event import Event
from mana_errors.model.ids import uuid7
from mana_errors.store import db
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter
from mana_errors.triage.fold import fold_once
from mana_errors.triage.watch import Watch
from spooling import append

NOW = datetime.now(UTC)


def event(**fields: Any) -> Event:
    base = Event(
        id=uuid7(),
        occurred_at=NOW,
        received_at=NOW,
        app_id="chat",
        error_code="CODE",
        error_type="TypeError",
        message="it broke",
    )
    return msgspec.structs.replace(base, **fields)


def event_now(**fields: Any) -> Event:
    """Of the hour in which an issue is resolved or ignored: NOW is of when tests were collected."""
    return event(occurred_at=datetime.now(UTC), **fields)


def most_kept(count: int, limit: int) -> int:
    """Bodies that a storm of `count` events in a minute may keep: `limit`, and half of it for every
    doubling beyond."""
    return count if count <= limit else limit + ceil(limit / 2) * ceil(log2(count / limit))


@dataclass
class Node:
    """One node's spool and digest on one database."""

    dsn: str
    directory: Path
    connection: db.Connection
    apps: Directory = EMPTY_DIRECTORY
    sample_after: int = 0

    async def spool(self, items: Sequence[Event]) -> None:
        writer = SpoolWriter(self.directory / "spool", SpoolLimits(1 << 40, 0))
        await append(writer, *map(encode_event, items))
        await writer.close()

    def digest(self, on_stored: Callable[[], None] = lambda: None) -> Digest:
        place = DigestPlace(UUID(int=1), self.directory / "spool", self.directory / "dead")
        rules = DigestRules(lambda: self.apps, self.sample_after, users_table="")
        return Digest(place, rules, lambda: db.connect(self.dsn), on_stored)

    async def digest_all(self) -> None:
        """Digest until nothing is left."""
        stopping = asyncio.Event()
        stopping.set()
        await self.digest().run(stopping)

    async def drain(self, watch: Watch | None = None) -> None:
        """Digest and fold until nothing is left."""
        await self.digest_all()
        while await fold_once(self.connection, watch):
            pass

    async def store(self, *items: Event) -> None:
        await self.spool(items)
        await self.drain()

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.connection.fetch(query, *arguments)]
