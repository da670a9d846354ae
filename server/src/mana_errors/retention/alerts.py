"""Alerts: old ones go, and those of issues that are gone."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from mana_errors.store import alerts
from mana_errors.store.db import Connection

# Longer than any rule keeps quiet, and a quarter to look back on.
KEPT: Final = timedelta(days=90)
# Between transactions: triage and the deliveries have their turn.
PAUSE_S: Final = 0.05


async def forget(connection: Connection, now: datetime) -> None:
    """Forget alerts with their deliveries, and deliveries of no alert that are as old."""
    forgotten = alerts.CHUNK
    while forgotten == alerts.CHUNK:
        forgotten = await alerts.forget(connection, now - KEPT)
        await asyncio.sleep(PAUSE_S)
