"""Delivery: claims what is due, gathers what it says, sends it, and records what became of it.

Several servers may do so at once: a channel is one server's while it sends there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Final, TypeVar
from uuid import UUID

from mana_errors import meters
from mana_errors.alerts.client import Client
from mana_errors.alerts.gather import Work, gather
from mana_errors.alerts.links import Links
from mana_errors.alerts.network import Networks
from mana_errors.alerts.record import give_up, record
from mana_errors.alerts.retry import MAX_ATTEMPTS, TOGETHER
from mana_errors.alerts.send import Result, Route, send_all
from mana_errors.config import Settings
from mana_errors.errors import BadSetting, Unreachable
from mana_errors.logs import Limited
from mana_errors.model.channel import kind_of
from mana_errors.model.delivery import State
from mana_errors.store import channels, db, deliveries
from mana_errors.store.deliveries import Claimed, Told
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import SecretBox, link_key, open_box

T = TypeVar("T")

# How soon an alert is noticed; looking takes one query.
POLL_S: Final = 1.0
# Channels sent to at once: as many may hang without holding up another one.
CONCURRENT: Final = 16
# A channel is ours so long without a word: longer than tries take, so that two servers never send
# the same in normal running.
LEASE: Final = timedelta(seconds=60)
# What is being sent when we are told to stop has a try's time.
DRAIN_S: Final = 15.0
GAUGE_S: Final = 10.0

_log: Final = logging.getLogger(__name__)


class _Lost(Exception):
    """Another server has the channel by now: we were too slow."""


class Deliverer:
    """Sends from one process."""

    def __init__(self, reader: Reader, settings: Settings) -> None:
        self._reader = reader
        self._settings = settings
        self._client = Client(Networks(settings.alert_networks))
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._freed = asyncio.Event()
        self._limited = Limited(_log)
        self._absence = Limited(_log, quiet_s=db.START_S)

    async def deliver(self, channel: Claimed) -> None:
        """The way of one message, in order. Raises what the database does."""
        if channel.attempts > MAX_ATTEMPTS:
            await self._record(channel, lambda c: give_up(c, channel))
            return
        work = await self._gather(channel)
        result = await self._send(work)
        await self._record(channel, lambda c: record(c, work, result))

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; then what is being sent has DRAIN_S to end."""
        gauge = asyncio.create_task(self._gauge())
        while not stopping.is_set():
            self._freed.clear()
            try:
                await self._begin()
            except db.PASSING as error:
                self._away(error)
            await _first(stopping, self._freed, POLL_S)
        gauge.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=DRAIN_S)

    async def _begin(self) -> None:
        """Start sending to channels that have something due."""
        free = CONCURRENT - len(self._tasks)
        if not free:
            return
        async with self._reader.connection() as connection:
            email = bool(self._settings.smtp_url)
            for kind in await deliveries.skip(connection, email=email):
                meters.deliveries.labels(kind, State.SKIPPED).inc()
            claimed = await deliveries.claim(
                connection, most=free, lease=LEASE, busy=self._tasks.keys(), together=TOGETHER
            )
        for channel in claimed:
            self._tasks[channel.id] = asyncio.create_task(self._try(channel))

    async def _try(self, channel: Claimed) -> None:
        try:
            await self.deliver(channel)
        except db.PASSING as error:
            # nothing was sent: the next try is after LEASE
            self._away(error)
        except _Lost:
            self._limited.warning("another server took over a channel", channel=str(channel.id))
        except Exception:  # noqa: BLE001 - a mistake with one channel must not end the others
            meters.unexpected.labels("deliver").inc()
            _log.exception("delivery failed", extra={"channel": str(channel.id)})
        finally:
            del self._tasks[channel.id]
            self._freed.set()

    async def _gather(self, channel: Claimed) -> Work:
        for picked in channel.picked:
            if picked.attempts == 1:
                lag = datetime.now(UTC) - picked.due_at
                meters.delivery_lag_seconds.observe(max(lag.total_seconds(), 0))
        async with self._reader.connection() as connection:
            return await gather(connection, channel, self._links, self._settings.address)

    async def _send(self, work: Work) -> Result | None:
        """None: there is nothing to say, or nobody to tell."""
        if not (work.message.stories and work.targets):
            return None
        try:
            secret = channels.unseal(lambda: self._box, work.channel.id, work.channel.secrets)
        except BadSetting as error:
            return Result(Unreachable(str(error)), str(error))
        route = Route(secret, self._client, self._settings)
        return await send_all(
            work.targets, work.message, route, work.told, partial(self._tell, work)
        )

    async def _tell(self, work: Work, one: Told) -> None:
        message = work.message.id
        await self._write(lambda c: deliveries.tell(c, work.channel, message, one, LEASE))

    async def _record(
        self, channel: Claimed, work: Callable[[db.Connection], Awaitable[State | None]]
    ) -> None:
        state = await self._write(work)
        meters.deliveries.labels(kind_of(channel.target), state).inc(len(channel.picked))

    async def _write(self, work: Callable[[db.Connection], Awaitable[T | None]]) -> T:
        """What must not be forgotten: until the database takes it. Raises _Lost."""
        while True:
            try:
                async with self._reader.connection() as connection:
                    answer = await work(connection)
            except db.PASSING as error:
                self._away(error)
                await asyncio.sleep(POLL_S)
                continue
            if answer is None:
                raise _Lost
            return answer

    async def _gauge(self) -> None:
        while True:
            try:
                async with self._reader.connection() as connection:
                    meters.channels_paused.set(await deliveries.paused(connection))
            except db.PASSING as error:
                self._away(error)
            await asyncio.sleep(GAUGE_S)

    def _away(self, error: Exception) -> None:
        meters.database_failures.labels("deliver").inc()
        self._absence.warning("delivery waits for PostgreSQL", reason=str(error))

    @cached_property
    def _box(self) -> SecretBox:
        return open_box(self._settings)

    @cached_property
    def _links(self) -> Links:
        return Links(link_key(self._settings), self._settings.address)


async def _first(stopping: asyncio.Event, freed: asyncio.Event, limit_s: float) -> None:
    """Until either happens, at most so long."""
    waits = [asyncio.create_task(event.wait()) for event in (stopping, freed)]
    await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
