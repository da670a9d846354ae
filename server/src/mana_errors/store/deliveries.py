"""The queue of deliveries. A server that sends to a channel holds it for a while, so that nobody
else does: what is due there is told together, in order, and once."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from mana_errors import meters
from mana_errors.model.alert import Alert
from mana_errors.model.channel import Target, kind_of
from mana_errors.model.delivery import State
from mana_errors.model.ids import uuid7
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.read_issues import HOUR, TREND_HOURS, first_hour

_SQL: Final = load("deliveries")
_log: Final = logging.getLogger(__name__)


class Claimed(msgspec.Struct):
    """A channel that is ours to send to."""

    id: UUID
    name: str
    target: Target
    # sealed
    secrets: bytes | None
    # in a row, before this message
    failures: int
    # ours until then; also tells whether it still is
    busy_until: datetime
    # of the message
    picked: list["Picked"] = []

    @property
    def message_id(self) -> UUID:
        """Of the message."""
        return self.picked[0].message_id

    @property
    def attempts(self) -> int:
        """Of the message, this one included."""
        return max(picked.attempts for picked in self.picked)


class Picked(msgspec.Struct, frozen=True):
    """A delivery of the message."""

    alert_id: UUID | None
    message_id: UUID
    # this one included
    attempts: int
    due_at: datetime


class Told(msgspec.Struct, frozen=True):
    """What became of a message for one recipient."""

    recipient: str
    # for good
    refused: bool
    detail: str


class Pace(msgspec.Struct, frozen=True):
    """How a channel goes on after a message."""

    worked: bool
    # between messages, and how many may come at once
    interval: timedelta
    burst: int
    # nothing is tried for so long; None: the channel works
    pause: timedelta | None = None
    # what the receiver asked for
    wait: timedelta | None = None


class End(msgspec.Struct, frozen=True):
    """What became of a message."""

    state: State
    detail: str
    # what the issue's next message continues
    receipt: str | None = None


async def skip(connection: Connection, *, email: bool) -> list[str]:
    """End what no channel will take; their kinds. `email`: whether the server sends e-mail."""
    return [row["kind"] for row in await connection.fetch(_SQL["skip"], not email)]


async def claim(
    connection: Connection,
    *,
    most: int,
    lease: timedelta,
    busy: Collection[UUID],
    together: Mapping[str, int],
) -> list[Claimed]:
    """Take at most so many channels that have something due, each with one message. `together`:
    alerts of one message, by kind of channel. From here on each message has its id."""
    async with connection.transaction():
        rows = await connection.fetch(_SQL["claim"], most, lease, list(busy))
        claimed = [channel for row in rows if (channel := _claimed(row)) is not None]
        for channel in claimed:
            limit = together[kind_of(channel.target)]
            picked = await connection.fetch(_SQL["pick"], channel.id, limit, uuid7())
            channel.picked = [msgspec.convert(dict(row), Picked) for row in picked]
        # what changed in between may leave a channel with nothing: not until its lease ends
        if idle := [channel.id for channel in claimed if not channel.picked]:
            await connection.execute(_SQL["unclaim"], idle)
    return [channel for channel in claimed if channel.picked]


def _claimed(row: asyncpg.Record) -> Claimed | None:
    """One that cannot be read, as of a later release, must not cost the others theirs."""
    try:
        return msgspec.convert(dict(row), Claimed)
    except msgspec.ValidationError as error:
        meters.unexpected.labels("deliver").inc()
        _log.warning("a channel that cannot be read: %s", error, extra={"channel": str(row["id"])})
        return None


async def alerts_of(connection: Connection, ids: Sequence[UUID]) -> list[tuple[Alert, str]]:
    """Alerts with their apps' names, the oldest first."""
    rows = await connection.fetch(_SQL["alerts"], list(ids))
    return [(msgspec.convert(dict(row), Alert), row["app"]) for row in rows]


async def trends(
    connection: Connection, issues: Collection[UUID], now: datetime
) -> dict[UUID, tuple[int, ...]]:
    """Events an hour of the last TREND_HOURS, oldest first, of issues that had any."""
    since = first_hour(now)
    lines: dict[UUID, list[int]] = {}
    for row in await connection.fetch(_SQL["trend"], list(issues), since):
        line = lines.setdefault(row["issue_id"], [0] * TREND_HOURS)
        # an event may be an hour ahead of us
        if (at := (row["hour"] - since) // HOUR) < TREND_HOURS:
            line[at] = row["count"]
    return {issue: tuple(line) for issue, line in lines.items()}


async def thread_of(connection: Connection, issue_id: UUID, channel_id: UUID) -> str | None:
    """What the issue's next message on a channel continues; None: it is the first."""
    return await connection.fetchval(_SQL["thread"], issue_id, channel_id)


async def owners(connection: Connection) -> list[str]:
    """Addresses of all owners that may sign in."""
    return [str(row["email"]) for row in await connection.fetch(_SQL["owners"])]


async def muted(connection: Connection, emails: Sequence[str]) -> set[str]:
    """Those of the addresses, in lower case, that asked for no more e-mail."""
    return {str(row["email"]) for row in await connection.fetch(_SQL["muted"], list(emails))}


async def told(connection: Connection, message_id: UUID) -> dict[str, Told]:
    """Who was told a message already, or refused it."""
    rows = await connection.fetch(_SQL["told"], message_id)
    return {row["recipient"]: msgspec.convert(dict(row), Told) for row in rows}


async def tell(
    connection: Connection, channel: Claimed, message_id: UUID, one: Told, lease: timedelta
) -> datetime | None:
    """Write down that somebody has the message; the channel is ours for longer. None, though it is
    written, if it is no longer ours."""
    async with connection.transaction():
        values = (message_id, one.recipient, one.refused, one.detail)
        await connection.execute(_SQL["tell"], *values)
        until = await connection.fetchval(_SQL["renew"], channel.id, channel.busy_until, lease)
        if until is not None:
            channel.busy_until = until
    return until


async def end(connection: Connection, channel: Claimed, ended: End, pace: Pace) -> bool:
    """The message is done. False, and nothing is written, if the channel is no longer ours."""
    async with connection.transaction():
        if not await _release(connection, channel, pace):
            return False
        message = channel.message_id
        values = (ended.state, ended.detail, ended.receipt)
        await connection.execute(_SQL["end"], channel.id, message, *values)
        await connection.execute(_SQL["forget_told"], message)
    return True


async def later(
    connection: Connection, channel: Claimed, wait: timedelta, detail: str, pace: Pace
) -> bool:
    """The message is tried again. False, and nothing is written, if the channel is not ours."""
    async with connection.transaction():
        if not await _release(connection, channel, pace):
            return False
        await connection.execute(_SQL["later"], channel.id, channel.message_id, wait, detail)
    return True


async def _release(connection: Connection, channel: Claimed, pace: Pace) -> bool:
    ours = (channel.id, channel.busy_until)
    how = (pace.worked, pace.interval, pace.burst, pace.pause, pace.wait)
    return await connection.fetchval(_SQL["release"], *ours, *how) is not None


async def paused(connection: Connection) -> int:
    """Channels that are left alone because they fail."""
    return int(await connection.fetchval(_SQL["paused"]))
