"""Issues whose time has come: ignored until now."""

import asyncio
from datetime import datetime
from typing import Final

from mana_errors.store import reopening
from mana_errors.store.db import Connection

# Between transactions: triage and people have their turn.
PAUSE_S: Final = 0.05


async def wake(connection: Connection, now: datetime) -> None:
    """Reopen all that were ignored until a time that is over."""
    while await reopening.wake(connection, now) == reopening.CHUNK:
        await asyncio.sleep(PAUSE_S)
