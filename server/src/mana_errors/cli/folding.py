"""Waiting until counts are added up, for a command beside a server or without one."""

import asyncio
import time
from datetime import datetime
from typing import Final

from mana_errors.store import deltas, fold
from mana_errors.store.db import Connection
from mana_errors.triage.fold import fold_once

POLL_S: Final = 0.05


async def fold_or_wait(connection: Connection, until: datetime, patience_s: float) -> bool:
    """Wait until the counts queued by then are added up; does it itself where nobody does."""
    deadline = time.monotonic() + patience_s
    while await deltas.waiting(connection, until):
        if time.monotonic() > deadline:
            return False
        if not await fold.lead(connection) or not await fold_once(connection):
            await asyncio.sleep(POLL_S)
    return True
