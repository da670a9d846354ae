"""Demo events -> the database, through a spool and a digest of their own, so that every count is
as exact as that of real reports."""

import asyncio
import functools
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from mana_errors.cli.demo.apps import APPS
from mana_errors.cli.demo.events import Demo
from mana_errors.cli.demo.problems import Course
from mana_errors.cli.folding import fold_or_wait
from mana_errors.config import Settings
from mana_errors.digest.frames import structured_stack
from mana_errors.digest.group import group, tell
from mana_errors.digest.run import Digest, DigestPlace, DigestRules
from mana_errors.errors import OperatorError, SpoolUnavailable
from mana_errors.model.app import EMPTY_DIRECTORY
from mana_errors.model.app_change import NewApp
from mana_errors.model.event import Event
from mana_errors.model.ids import uuid7
from mana_errors.model.issue import IssueStatus
from mana_errors.store import apps, audit, db, demo, partitions
from mana_errors.store.db import Connection
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter

# Stored before more are made: some 20 MB of spool.
CHUNK: Final = 5_000
# Of problems that go on, every so many is ignored.
IGNORED: Final = 25
# A triage that folds beside us is a few chunks behind.
PATIENCE_S: Final = 120.0

OnProgress = Callable[[int], None]


async def load(dsn: str, settings: Settings, made: Demo, on_progress: OnProgress) -> None:
    """Store the events and what people did about them: what is fixed is resolved, and what returns
    comes after that, and so regresses."""
    connect = functools.partial(db.connect, dsn, application="mana-errors-demo")
    connection = await connect()
    try:
        await _make_apps(connection)
        with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix="demo-") as scratch:
            chunks = _Chunks(connect, Path(scratch), settings.sample_after, on_progress)
            later = await _store_first(chunks, connection, made)
            for event in later:
                await chunks.add(event)
            await chunks.store()
        await _fold(connection)
    finally:
        await connection.close()


async def _make_apps(connection: Connection) -> None:
    known = {app.id for app in await apps.listed(connection, None)}
    for app in APPS:
        if app.id not in known:
            new = NewApp(app.id, name=app.name, platform=app.runtime.platform)
            await apps.create(connection, new, audit.COMMAND)


async def _store_first(chunks: "_Chunks", connection: Connection, made: Demo) -> list[Event]:
    """Store all but the events that come back after a fix, which are returned."""
    later: list[Event] = []
    hashes: dict[int, UUID] = {}
    for number, event in made.events():
        problem = made.problems[number]
        if problem.returns is not None and event.occurred_at >= problem.returns:
            later.append(event)
            continue
        if number not in hashes:
            hashes[number] = group(event, tell(structured_stack(event))).grouping_hash
        await chunks.add(event)
    await chunks.store()
    await _fold(connection)
    for number, grouping_hash in hashes.items():
        problem = made.problems[number]
        if problem.resolved is not None:
            await demo.triage(connection, grouping_hash, IssueStatus.RESOLVED, problem.resolved)
        elif problem.course is Course.STEADY and number % IGNORED == 0:
            await demo.triage(connection, grouping_hash, IssueStatus.IGNORED, None)
    return later


async def _fold(connection: Connection) -> None:
    if not await fold_or_wait(connection, await partitions.clock(connection), PATIENCE_S):
        raise OperatorError("The events are stored, but nobody adds them up: is triage running?")


class _Chunks:
    """Some thousand events at a time, through a spool that only this command knows."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        scratch: Path,
        sample_after: int,
        on_progress: OnProgress,
    ) -> None:
        place = DigestPlace(uuid7(), scratch / "spool", scratch / "dead-letters")
        rules = DigestRules(lambda: EMPTY_DIRECTORY, sample_after, users_table="")
        self._digest = Digest(place, rules, connect, lambda: None)
        self._spool = scratch / "spool"
        self._waiting: list[bytes] = []
        self._on_progress = on_progress

    async def add(self, event: Event) -> None:
        self._waiting.append(encode_event(event))
        if len(self._waiting) == CHUNK:
            await self.store()

    async def store(self) -> None:
        """Digest what waits."""
        payloads, self._waiting = self._waiting, []
        writer = SpoolWriter(self._spool, SpoolLimits(max_bytes=1 << 30, min_free_bytes=0))
        durable: asyncio.Future[SpoolUnavailable | None] = asyncio.Future()
        writer.append(payloads, durable.set_result)
        if (refusal := await durable) is not None:
            raise refusal
        await writer.close()
        stopping = asyncio.Event()
        stopping.set()
        await self._digest.run(stopping)
        self._on_progress(len(payloads))
