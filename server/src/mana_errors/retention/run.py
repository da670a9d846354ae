"""Retention: makes partitions ahead and drops those whose events have all expired."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from mana_errors import meters
from mana_errors.errors import StoreUnavailable
from mana_errors.store import db, partitions

# Partitions are whole days: looking more often changes nothing, and four days are made ahead.
INTERVAL_S: Final = 600.0
# After a failure, and when a reader held a partition.
RETRY_S: Final = 30.0

_TRY_AGAIN: Final = (
    StoreUnavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # asyncpg's own state after a connection was lost at a bad moment
    asyncpg.InternalClientError,
    OSError,
)
_log: Final = logging.getLogger(__name__)


async def run(
    connect: Callable[[], Awaitable[db.Connection]], retention: timedelta, stopping: asyncio.Event
) -> None:
    """Keep the partitions right until told to stop."""
    while not stopping.is_set():
        pause = INTERVAL_S
        try:
            await keep(connect, retention, datetime.now(UTC))
        except _TRY_AGAIN as error:
            meters.database_failures.labels("retention").inc()
            _log.warning("retention waits for PostgreSQL: %s", error)
            pause = RETRY_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)


async def keep(
    connect: Callable[[], Awaitable[db.Connection]], retention: timedelta, now: datetime
) -> None:
    """Make what is missing ahead of now, drop what ended before now - retention.

    Of our clock and PostgreSQL's the earlier one counts: a clock that is wrong must not cost data.
    """
    connection = await connect()
    try:
        now = min(now, await partitions.clock(connection))
        await partitions.ensure_ahead(connection, now.date())
        dropped = await partitions.drop_before(connection, (now - retention).date())
    finally:
        await connection.close()
    for day in dropped:
        meters.partitions_dropped.inc()
        _log.info("dropped expired events", extra={"day": day.isoformat()})
