"""Bytes: apps over their budget lose bodies, the least useful first, until there is room again.

Which events are least useful is said by `doom` in store/sql/budgets.sql. Counters stay.
"""

import asyncio
import logging
import time
from typing import Final

from mana_errors import meters
from mana_errors.store import apps, budgets
from mana_errors.store.budgets import Taken
from mana_errors.store.db import Connection

# Trimmed apps are at 90 % of their budget: a plan reads all of an app's events, so it should serve
# for a while.
_KEEP_TENTHS: Final = 9
# Between transactions: the digest and readers have their turn.
PAUSE_S: Final = 0.05
# How often it is said again that an app has nothing left to give.
_SAY_AGAIN_S: Final = 3600.0

_log: Final = logging.getLogger(__name__)


class Budgets:
    """Trims apps; remembers those that have nothing left to give."""

    def __init__(self) -> None:
        # app -> what it took when only protected events were left: until that changes, looking
        # again would find the same
        self._exhausted: dict[str, Taken] = {}
        # when that was last said, by time.monotonic()
        self._said: dict[str, float] = {}

    async def trim(self, connection: Connection) -> None:
        """Bring every app that is over its budget back below it."""
        limits = {
            app.id: app.settings.max_bytes
            for app in await apps.listed(connection, None)
            if app.settings.max_bytes
        }
        taken = await budgets.taken(connection, limits)
        over = {app: took for app, took in taken.items() if took.bytes > limits[app]}
        self._exhausted = {app: took for app, took in self._exhausted.items() if app in over}
        for app, took in over.items():
            if self._exhausted.get(app) != took:
                await self._trim_app(connection, app, took, limits[app])
        meters.budgets_exhausted.set(len(self._exhausted))

    async def _trim_app(
        self, connection: Connection, app: str, took: Taken, max_bytes: int
    ) -> None:
        self._exhausted.pop(app, None)
        freed = await trim(connection, app, took.bytes - max_bytes * _KEEP_TENTHS // 10)
        meters.events_deleted.labels("budget").inc(freed.events)
        if freed.events:
            extra = {"app": app, "events": freed.events, "bytes": freed.bytes}
            _log.info("deleted events over the app's byte budget", extra=extra)
        else:
            self._exhausted[app] = took
            self._say_exhausted(app, took, max_bytes)

    def _say_exhausted(self, app: str, took: Taken, max_bytes: int) -> None:
        now = time.monotonic()
        if now - self._said.get(app, -_SAY_AGAIN_S) < _SAY_AGAIN_S:
            return
        self._said[app] = now
        extra = {"app": app, "events": took.events, "bytes": took.bytes, "max_bytes": max_bytes}
        _log.warning("over its byte budget with protected events alone", extra=extra)


async def trim(connection: Connection, app: str, excess: int) -> Taken:
    """Delete the app's least useful events until `excess` bytes came free, or until only protected
    ones are left; what came free."""
    events = freed = 0
    for chunk in await budgets.plan(connection, app, excess):
        gone = await budgets.delete_chunk(connection, app, chunk)
        events, freed = events + gone.events, freed + gone.bytes
        await asyncio.sleep(PAUSE_S)
    return Taken(events, freed)
