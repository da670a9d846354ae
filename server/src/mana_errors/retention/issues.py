"""Issues: deleted ones lose their events, and what nobody needs any more is forgotten."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.store import deleting, partitions
from mana_errors.store.db import Connection
from mana_errors.store.deleting import Orphan

# Between transactions: triage and people have their turn.
PAUSE_S: Final = 0.05

_log: Final = logging.getLogger(__name__)


async def purge(connection: Connection) -> None:
    """Delete the events of deleted issues."""
    for orphan in await deleting.orphans(connection):
        total = await _purge(connection, orphan)
        await deleting.purged(connection, orphan, await partitions.clock(connection))
        if total:
            _log.info("deleted an issue's events", extra={"app": orphan.app_id, "events": total})


async def _purge(connection: Connection, orphan: Orphan) -> int:
    total = 0
    for day in sorted(await partitions.existing(connection)):
        while deleted := await deleting.purge(connection, orphan, day):
            total += deleted
            meters.events_deleted.labels("issue").inc(deleted)
            await asyncio.sleep(PAUSE_S)
    return total


async def forget(connection: Connection, settings: Settings, now: datetime) -> None:
    """Forget issues and releases without events that nobody cares about."""
    # A clock that is wrong must not cost data.
    now = min(now, await partitions.clock(connection))
    kept = max(settings.retention, timedelta(days=settings.issue_retention_days))
    before = (now - kept).replace(hour=0, minute=0, second=0, microsecond=0)
    forgotten = deleting.ISSUES
    while forgotten == deleting.ISSUES:
        forgotten = await deleting.forget_issues(connection, before)
        meters.issues_forgotten.inc(forgotten)
        await asyncio.sleep(PAUSE_S)
    await deleting.forget_rest(connection, before)
