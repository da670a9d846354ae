"""The digest: moves this node's spool into PostgreSQL.

digest_batch() is the list of stages between a spool batch and its commit.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from mana_errors import meters
from mana_errors.digest import dead_letters, ledger
from mana_errors.digest.copy import blames_event, copy
from mana_errors.digest.facets import FacetMemory, Fresh
from mana_errors.digest.ledger import Fates, others, settle
from mana_errors.digest.prepare import prepare, received_at
from mana_errors.digest.sample import Plan, Sampler
from mana_errors.digest.summarize import summarize
from mana_errors.digest.users import with_known_users
from mana_errors.errors import Conflict
from mana_errors.model.app import Directory
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.outcome import OutcomeCount
from mana_errors.store import apps, cursors, db, deltas, events, outcomes, partitions
from mana_errors.store.spool.reader import MAX_RECORDS, SegmentReader, SpoolBatch, segments
from mana_errors.store.spool.writer import sync_directory

# How soon an event is noticed; the second that a reader may wait has room for ten of these.
# Under load the pause makes batches: a transaction costs as much as some fifty events.
POLL_S: Final = 0.1
# Waits between attempts while PostgreSQL is away.
BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
# Batches of one segment in a row, so that a busy worker's segment does not starve the others.
BATCHES_PER_TURN: Final = 8
# Grouping hashes remembered, at some hundred bytes each; forgetting costs only bytes of deltas.
MAX_DESCRIBED: Final = 50_000
# Issues without events are forgotten after a day at the earliest, and their components with them:
# what is remembered for no longer is in the table still.
DESCRIBED_S: Final = 86_400.0
# Conflict: another process digested the batch; the cursor says where to go on.
_TRY_AGAIN: Final = (*db.PASSING, Conflict)

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the spool holds that PostgreSQL does not."""

    bytes: int
    # received_at of the oldest event; None when nothing waits
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class DigestPlace:
    """Where a node keeps what is digested."""

    node: UUID
    spool: Path
    dead_letters: Path


@dataclass(frozen=True, slots=True)
class DigestRules:
    """What the digest goes by."""

    # as it is known now
    directory: Callable[[], Directory]
    # bodies kept per grouping hash and minute, for apps that do not say; 0 = all
    sample_after: int
    # whose column id has all users that there are; empty = unknown
    users_table: str

    def sample_after_of(self, app_id: str) -> int:
        """Bodies kept of an app's grouping hash in a minute."""
        app = self.directory().apps.get(app_id)
        own = None if app is None else app.settings.sample_after
        return self.sample_after if own is None else own


class Digest:
    """Digests one node's spool over one connection of its own."""

    def __init__(
        self,
        place: DigestPlace,
        rules: DigestRules,
        connect: Callable[[], Awaitable[db.Connection]],
        on_stored: Callable[[], None],
    ) -> None:
        self._place = place
        self._rules = rules
        self._connect = connect
        self._on_stored = on_stored
        self._connection: db.Connection | None = None
        self._days: set[date] = set()
        # of the segments read over this connection; PostgreSQL's word counts after any failure
        self._positions: dict[UUID, int] = {}
        # the same, but kept through failures: good enough for a gauge
        self._last_known: dict[UUID, int] = {}
        # grouping hashes whose components are committed
        self._described: set[UUID] = set()
        # when the first of them was, by time.monotonic()
        self._described_since = 0.0
        self._facets = FacetMemory()
        self._sampler = Sampler()
        # apps that are registered in the database of this connection
        self._registered: set[str] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Digest until told to stop, then what is left while PostgreSQL takes it."""
        failures = 0
        while True:
            stop = stopping.is_set()
            try:
                events = await self.digest_all()
                failures = 0
                pause = 0.0 if events >= MAX_RECORDS else POLL_S
            except _TRY_AGAIN as error:
                self._disconnect(error)
                events = 0
                pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                failures += 1
            if stop and not events:
                break
            if not stop:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), pause)
        self._disconnect(None)

    def waiting(self) -> Waiting:
        """How much waits, and since when."""
        total = 0
        oldest: datetime | None = None
        for path in segments(self._place.spool):
            with SegmentReader(path) as reader:
                position = self._last_known.get(reader.segment, 0)
                total += reader.waiting_bytes(position)
                if oldest is None and (batch := reader.read(position)) is not None:
                    oldest = received_at(batch)
        return Waiting(total, oldest)

    async def digest_all(self) -> int:
        """One pass over all segments; how many records were there."""
        total = 0
        for path in segments(self._place.spool):
            with SegmentReader(path) as reader:
                total += await self._digest_segment(reader)
        return total

    async def _digest_segment(self, reader: SegmentReader) -> int:
        connection = await self._connected()
        position = self._positions.get(reader.segment)
        if position is None:
            position = await cursors.position(connection, reader.segment, self._place.node)
        total = 0
        for _ in range(BATCHES_PER_TURN):
            batch = reader.read(position)
            if batch is None:
                await self._leave(connection, reader, position)
                break
            await self._digest_whole_or_carefully(connection, batch)
            position = self._positions[reader.segment] = batch.end
            self._last_known[reader.segment] = position
            self._on_stored()
            total += max(len(batch.payloads), 1)
            if len(batch.payloads) < MAX_RECORDS // 2 and not reader.finished:
                break
        return total

    async def _leave(self, connection: db.Connection, reader: SegmentReader, position: int) -> None:
        self._positions[reader.segment] = position
        if reader.finished:
            if missing := reader.missing_bytes():
                meters.damaged_bytes.inc(missing)
                _log.error("spool segment %s lacks %d bytes", reader.segment, missing)
            reader.delete()
            del self._positions[reader.segment]
            self._last_known.pop(reader.segment, None)
            await cursors.forget(connection, reader.segment)

    async def _digest_whole_or_carefully(
        self, connection: db.Connection, batch: SpoolBatch
    ) -> None:
        try:
            await self.digest_batch(connection, batch, careful=False)
        except asyncpg.PostgresError as error:
            if not blames_event(error):
                raise
            # Once more as a whole, but each event that PostgreSQL refuses is taken out.
            _log.warning("batch refused, looking for the event: %s", error)
            self._days.clear()
            await self.digest_batch(connection, batch, careful=True)

    async def digest_batch(
        self, connection: db.Connection, batch: SpoolBatch, *, careful: bool
    ) -> None:
        """One transaction: the cursor moves, events are stored, their deltas are queued, and the
        ledger says what became of each.
        """
        started = time.perf_counter()
        prepared = prepare(batch)
        await self._ensure_partitions(connection, prepared.items)
        async with connection.transaction():
            await cursors.advance(connection, batch.segment, batch.start, batch.end)
            items = await self._with_known_users(connection, prepared.items)
            fresh = await events.without_resent(connection, items)
            plan = self._sampler.plan(fresh, _keep_all if careful else self._rules.sample_after_of)
            refusals = await copy(connection, plan.kept, careful=careful)
            fates = settle(plan, refusals, others(items, fresh), prepared.letters)
            facets = self._facets.fresh(fates.counted)
            await self._queue_deltas(connection, fates.counted, facets)
            met = await self._register(connection, fates)
            await self._enter(connection, fates, prepared.refused, met)
            if fates.letters:
                dead_letters.write(self._place.dead_letters, fates.letters)
        self._remember(plan, fates, met)
        self._facets.remember(facets)
        meters.database_seconds.labels("digest").observe(time.perf_counter() - started)
        ledger.observe(fates)

    async def _with_known_users(
        self, connection: db.Connection, items: list[GroupedEvent]
    ) -> list[GroupedEvent]:
        table = self._rules.users_table
        return await with_known_users(connection, table, items) if table else items

    async def _queue_deltas(
        self, connection: db.Connection, counted: list[GroupedEvent], facets: Fresh
    ) -> None:
        if counted:
            queued = summarize(counted, facets, self._described)
            await deltas.insert(connection, self._place.node, queued)

    async def _register(self, connection: db.Connection, fates: Fates) -> set[str]:
        """Register apps that are met for the first time. What PostgreSQL refused has no say."""
        events = (*fates.counted, *fates.duplicates)
        met = {item.event.app_id for item in events} - self._registered
        if met:
            await apps.ensure(connection, met)
        return met

    async def _enter(
        self, connection: db.Connection, fates: Fates, refused: list[OutcomeCount], met: set[str]
    ) -> None:
        registered = self._registered | met if met else self._registered
        lines = ledger.lines(fates, refused, registered, datetime.now(UTC))
        await outcomes.add(connection, lines)
        await outcomes.add_days(connection, ledger.app_days(fates.stored))

    def _remember(self, plan: Plan, fates: Fates, met: set[str]) -> None:
        """What holds since a batch is committed."""
        self._sampler.commit(plan, time.monotonic())
        self._registered |= met
        now = time.monotonic()
        if len(self._described) > MAX_DESCRIBED or now - self._described_since > DESCRIBED_S:
            self._described.clear()
            self._described_since = now
        self._described.update(item.grouping.grouping_hash for item in fates.stored)

    async def _ensure_partitions(
        self, connection: db.Connection, grouped: list[GroupedEvent]
    ) -> None:
        days = {item.event.occurred_at.date() for item in grouped}
        if not days <= self._days:
            await partitions.ensure(connection, days)
            self._days = days

    async def _connected(self) -> db.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
            # What a crash came upon may be deleted, but not durably yet.
            sync_directory(self._place.spool)
            present = [UUID(path.stem) for path in segments(self._place.spool)]
            await cursors.forget_missing(self._connection, self._place.node, present)
        return self._connection

    def _disconnect(self, error: Exception | None) -> None:
        if error is not None:
            meters.database_failures.labels("digest").inc()
            _log.warning("digest waits for PostgreSQL: %s", error or type(error).__name__)
        self._days.clear()
        self._positions.clear()
        self._registered.clear()
        self._sampler.forget_carried()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _keep_all(_app_id: str) -> int:
    """Nothing is dropped from a batch with an event that PostgreSQL refuses: what is not tried
    would be counted, and could not be shown.
    """
    return 0
