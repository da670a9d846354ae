"""Users who were deleted from the users table: their events go on, without them.

The contract says `on delete set null`. A foreign key on the events would cost a look-up and a lock
for each of them, and a trigger would sit on other people's table.
"""

import logging
from datetime import date
from typing import Final

from mana_errors import meters
from mana_errors.errors import DatabaseUnusable
from mana_errors.store import partitions, users
from mana_errors.store.db import Connection

# How soon a deleted user is forgotten; asking costs one probe of an index for each user and day.
INTERVAL_S: Final = 600.0
# Users asked about at once.
CHUNK: Final = 1000
# Events changed in one transaction: some 2 KB each are written anew.
MAX_EVENTS: Final = 1000

_log: Final = logging.getLogger(__name__)


async def forget_deleted(connection: Connection, table: str) -> None:
    """Take the user from all events whose user is not in the users table any more.

    A table that cannot be read, or shows nobody, deletes nobody: a lost right, a row-level policy
    or a restore under way is more likely than that everybody left.
    """
    if not table:
        return
    try:
        if await users.is_empty(connection, table):
            _log.warning("the users table shows no user: nobody is forgotten")
            return
        for day in sorted(await partitions.existing(connection)):
            await _forget_day(connection, table, day)
    except DatabaseUnusable as error:
        meters.database_failures.labels("users").inc()
        _log.warning("nobody is forgotten: %s", error)


async def _forget_day(connection: Connection, table: str, day: date) -> None:
    after = ""
    while ids := await users.named(connection, day, after, CHUNK):
        after = ids[-1]
        if gone := set(ids) - await users.known(connection, table, set(ids)):
            await _forget(connection, day, gone)


async def _forget(connection: Connection, day: date, gone: set[str]) -> None:
    total = changed = await users.forget(connection, day, gone, MAX_EVENTS)
    while changed == MAX_EVENTS:
        changed = await users.forget(connection, day, gone, MAX_EVENTS)
        total += changed
    meters.forgotten_users.inc(total)
    _log.info("forgot deleted users", extra={"users": len(gone), "events": total})
