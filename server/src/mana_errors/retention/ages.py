"""Age: partitions are made ahead and dropped when all of their events have expired; apps that keep
events for a shorter time lose theirs day by day."""

import asyncio
import logging
from datetime import date, datetime, timedelta
from typing import Final

from mana_errors import meters
from mana_errors.store import apps, budgets, partitions, weekly
from mana_errors.store.db import Connection

# Between transactions: the digest and readers have their turn.
PAUSE_S: Final = 0.05
# Who got which weekly report; as long as alerts are kept.
REPORTS: Final = timedelta(days=90)

_log: Final = logging.getLogger(__name__)


async def keep_partitions(connection: Connection, retention: timedelta, now: datetime) -> None:
    """Make what is missing ahead of now, drop what ended before now - retention."""
    now = await _earlier(connection, now)
    oldest = (now - retention).date()
    await partitions.ensure_ahead(connection, now.date())
    for day in await partitions.drop_before(connection, oldest):
        meters.partitions_dropped.inc()
        _log.info("dropped expired events", extra={"day": day.isoformat()})
    await budgets.forget_days(connection, oldest, await partitions.existing(connection))


async def expire(connection: Connection, retention: timedelta, now: datetime) -> None:
    """Delete the events of apps that keep them for fewer days than the server does.

    Whole UTC days, as with the server's own retention. Issues and their counts stay.
    """
    now = await _earlier(connection, now)
    days = await partitions.existing(connection)
    for app in await apps.listed(connection, None):
        kept = timedelta(days=app.settings.retention_days)
        if timedelta(0) < kept < retention:
            oldest = (now - kept).date()
            for day in sorted(day for day in days if day < oldest):
                await _delete_day(connection, app.id, day)


async def forget_reports(connection: Connection, now: datetime) -> None:
    """What became of weekly reports is kept for REPORTS."""
    await weekly.forget(connection, (await _earlier(connection, now) - REPORTS).date())


async def _delete_day(connection: Connection, app: str, day: date) -> None:
    total = 0
    while deleted := await budgets.delete_day(connection, app, day):
        total += deleted
        meters.events_deleted.labels("age").inc(deleted)
        await asyncio.sleep(PAUSE_S)
    await budgets.forget_app_day(connection, app, day)
    if total:
        extra = {"app": app, "day": day.isoformat(), "events": total}
        _log.info("deleted the app's expired events", extra=extra)


async def _earlier(connection: Connection, now: datetime) -> datetime:
    """Of our clock and PostgreSQL's the earlier one: a clock that is wrong must not cost data."""
    return min(now, await partitions.clock(connection))
