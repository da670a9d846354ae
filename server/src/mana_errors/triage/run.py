"""Triage: on the node that holds the leader lock, folds what all nodes digested."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from mana_errors import meters
from mana_errors.store import db, deltas, fold
from mana_errors.store.deltas import Queued
from mana_errors.triage.clock import tick
from mana_errors.triage.fold import fold_once
from mana_errors.triage.watch import Watch

# How soon another node's batches are noticed; this node's digest wakes triage itself.
POLL_S: Final = 0.5
# Folding costs per issue and transaction, not per event: what arrives meanwhile is merged first.
# A reader may wait a second; digest's poll and the work itself need the rest.
PACE_S: Final = 0.2
# Folded deltas after which the queue's dead rows are cleaned up: one or two megabytes.
CLEAN_AFTER: Final = 5_000
# How often a node asks to become the leader.
LEAD_POLL_S: Final = 1.0
# How often the clock is looked at: who ignores an issue until nine looks at nine. A new leader's
# first look comes as much later: what waited in spools is no silence.
CLOCK_S: Final = 30.0

_log: Final = logging.getLogger(__name__)


class Triage:
    """Folds over one direct connection, which also holds the leader lock: lost together."""

    def __init__(self, connect: Callable[[], Awaitable[db.Connection]]) -> None:
        self._connect = connect
        self._connection: db.Connection | None = None
        self._woken = asyncio.Event()
        # what is known of rules and issues, as long as this node leads
        self._watch = Watch()
        self._clock_due = 0.0
        # deltas folded since the queue was cleaned
        self._folded = 0

    def wake(self) -> None:
        """Say that there is something to fold."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Fold until told to stop, then what is left."""
        while True:
            stop = stopping.is_set()
            try:
                worked = await self.fold_all()
            except db.PASSING as error:
                self._disconnect(error)
                worked = False
            if stop and not worked:
                break
            await self._rest(worked=worked, stopping=stopping)
        self._disconnect(None)

    async def fold_all(self) -> bool:
        """Fold all that is queued, if this node leads; whether anything was there."""
        connection = await self._leading()
        if connection is None:
            return False
        worked = False
        self._woken.clear()
        while queued := await self._fold_timed(connection):
            worked = True
            self._folded += sum(len(item.deltas) for item in queued)
            _observe(queued)
        if self._folded >= CLEAN_AFTER:
            await deltas.clean(connection)
            self._folded = 0
        if time.monotonic() >= self._clock_due:
            await tick(connection, self._watch, datetime.now(UTC))
            self._clock_due = time.monotonic() + CLOCK_S
        return worked

    async def _fold_timed(self, connection: db.Connection) -> list[Queued]:
        started = time.perf_counter()
        queued = await fold_once(connection, self._watch)
        if queued:
            meters.database_seconds.labels("fold").observe(time.perf_counter() - started)
        return queued

    async def _leading(self) -> db.Connection | None:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._connection = await self._connect()
        if await fold.lead(self._connection):
            self._watch = Watch()
            self._clock_due = time.monotonic() + CLOCK_S
            return self._connection
        self._disconnect(None)
        return None

    async def _rest(self, *, worked: bool, stopping: asyncio.Event) -> None:
        if stopping.is_set():
            return
        if worked:
            await asyncio.sleep(PACE_S)
            return
        pause = POLL_S if self._connection is not None else LEAD_POLL_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), pause)

    def _disconnect(self, error: Exception | None) -> None:
        if error is not None:
            meters.database_failures.labels("fold").inc()
            _log.warning("triage waits for PostgreSQL: %s", error or type(error).__name__)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _observe(queued: list[Queued]) -> None:
    now = datetime.now(UTC)
    for item in queued:
        meters.fold_lag_seconds.observe(max((now - item.created_at).total_seconds(), 0))
