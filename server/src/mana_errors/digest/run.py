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
import msgspec

from mana_errors import meters
from mana_errors.digest import dead_letters
from mana_errors.digest.dead_letters import DeadLetter
from mana_errors.digest.prepare import prepare, received_at
from mana_errors.digest.summarize import summarize
from mana_errors.errors import Conflict, StoreUnavailable
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.outcome import DigestOutcome
from mana_errors.store import cursors, db, deltas, events, partitions
from mana_errors.store.spool.reader import MAX_RECORDS, SegmentReader, SpoolBatch, segments
from mana_errors.store.spool.writer import sync_directory

# How soon an event is noticed; the second that a reader may wait has room for ten of these.
# Under load the pause makes batches: a transaction costs as much as some fifty events.
POLL_S: Final = 0.1
# Waits between attempts while PostgreSQL is away.
BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
# SQLSTATE classes that blame the data: invalid values, violated constraints, exceeded limits.
_EVENT_AT_FAULT: Final = ("22", "23", "54")

# Batches of one segment in a row, so that a busy worker's segment does not starve the others.
BATCHES_PER_TURN: Final = 8
# Grouping hashes remembered, at some hundred bytes each; forgetting costs only bytes of deltas.
MAX_DESCRIBED: Final = 50_000
# Conflict: another process digested the batch; the cursor says where to go on.
_TRY_AGAIN: Final = (
    StoreUnavailable,
    Conflict,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # asyncpg's own state after a connection was lost at a bad moment
    asyncpg.InternalClientError,
    OSError,
)

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


class Digest:
    """Digests one node's spool over one connection of its own."""

    def __init__(
        self,
        place: DigestPlace,
        connect: Callable[[], Awaitable[db.Connection]],
        on_stored: Callable[[], None],
    ) -> None:
        self._place = place
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
            if not _blames_event(error):
                raise
            # Once more as a whole, but each event that PostgreSQL refuses is taken out.
            _log.warning("batch refused, looking for the event: %s", error)
            self._days.clear()
            await self.digest_batch(connection, batch, careful=True)

    async def digest_batch(
        self, connection: db.Connection, batch: SpoolBatch, *, careful: bool
    ) -> None:
        """One transaction: the cursor moves, the events are stored, their deltas are queued."""
        started = time.perf_counter()
        grouped, unreadable = prepare(batch)
        await self._ensure_partitions(connection, grouped)
        async with connection.transaction():
            await cursors.advance(connection, batch.segment, batch.start, batch.end)
            fresh = await events.without_resent(connection, grouped)
            refused = await _copy(connection, fresh, careful=careful)
            lost = {id(refusal.item) for refusal in refused}
            stored = [item for item in fresh if id(item) not in lost]
            if stored:
                queued = summarize(stored, self._described)
                await deltas.insert(connection, self._place.node, queued)
            dead = [refusal.letter for refusal in refused if refusal.letter is not None]
            if unreadable or dead:
                dead_letters.write(self._place.dead_letters, [*unreadable, *dead])
        self._remember_described(stored)
        meters.database_seconds.labels("digest").observe(time.perf_counter() - started)
        duplicates = len(grouped) - len(stored) - len(dead)
        _count(stored, duplicates, len(unreadable) + len(dead))

    def _remember_described(self, stored: list[GroupedEvent]) -> None:
        if len(self._described) > MAX_DESCRIBED:
            self._described.clear()
        self._described.update(item.grouping.grouping_hash for item in stored)

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
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


@dataclass(frozen=True, slots=True)
class _Refusal:
    item: GroupedEvent
    # None: nothing is lost, another node stored the same event a moment ago
    letter: DeadLetter | None


async def _copy(
    connection: db.Connection, items: list[GroupedEvent], *, careful: bool
) -> list[_Refusal]:
    """COPY; in careful mode by halves, so that a refused event costs only itself."""
    if not items:
        return []
    if not careful:
        await events.copy(connection, items)
        return []
    try:
        async with connection.transaction():
            await events.copy(connection, items)
    except asyncpg.PostgresError as error:
        if not _blames_event(error):
            raise
        if len(items) == 1:
            return [_refusal(items[0], error)]
        middle = len(items) // 2
        left = await _copy(connection, items[:middle], careful=True)
        return left + await _copy(connection, items[middle:], careful=True)
    return []


def _refusal(item: GroupedEvent, error: asyncpg.PostgresError) -> _Refusal:
    if isinstance(error, asyncpg.UniqueViolationError):
        return _Refusal(item, None)
    letter = DeadLetter(f"{error.sqlstate}: {error}", msgspec.to_builtins(item.event))
    return _Refusal(item, letter)


def _blames_event(error: asyncpg.PostgresError) -> bool:
    return str(error.sqlstate or "").startswith(_EVENT_AT_FAULT)


def _count(stored: list[GroupedEvent], duplicates: int, dead: int) -> None:
    meters.batch_events.observe(len(stored))
    meters.digested.labels(DigestOutcome.STORED).inc(len(stored))
    meters.digested.labels(DigestOutcome.DUPLICATE).inc(duplicates)
    meters.digested.labels(DigestOutcome.DEAD_LETTER).inc(dead)
    if stored:
        lag = datetime.now(UTC) - stored[-1].event.received_at
        meters.digest_lag_seconds.observe(max(lag.total_seconds(), 0))
