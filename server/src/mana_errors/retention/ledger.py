"""The ledger's age: minutes become hours, old hours go."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from mana_errors.store import usage
from mana_errors.store.db import Connection

# Minutes answer "what was refused just now, and why"; the day before is there to compare with.
MINUTES_KEPT: Final = timedelta(days=2)
# A year and a month: this month beside the same one a year ago.
HOURS_KEPT: Final = timedelta(days=400)
# Between transactions: the digest and readers have their turn.
PAUSE_S: Final = 0.05


async def roll_up(connection: Connection, now: datetime) -> None:
    """Add old minutes up to whole hours and drop hours that nobody compares with any more."""
    whole = (now - MINUTES_KEPT).replace(minute=0, second=0, microsecond=0)
    for app in await usage.apps_of_ledger(connection):
        await _all(usage.forget, connection, app, now - HOURS_KEPT)
        await _all(usage.roll_up, connection, app, whole)


async def _all(
    step: Callable[[Connection, str, datetime], Awaitable[int]],
    connection: Connection,
    app: str,
    before: datetime,
) -> None:
    done = usage.CHUNK
    while done == usage.CHUNK:
        done = await step(connection, app, before)
        await asyncio.sleep(PAUSE_S)
