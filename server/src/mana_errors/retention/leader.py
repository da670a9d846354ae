"""One node at a time, over all that share a database."""

from collections.abc import Awaitable, Callable
from enum import IntEnum

from mana_errors.store import db, locks


class Lock(IntEnum):
    """What one node does at a time."""

    # "mana" and "keep" in ASCII
    RETENTION = 0x6D616E61_6B656570
    # "mana" and "quot"
    QUOTAS = 0x6D616E61_71756F74


class Leader:
    """A connection that holds a lock for as long as it lives: lost together."""

    def __init__(self, connect: Callable[[], Awaitable[db.Connection]], lock: Lock) -> None:
        self._connect = connect
        self._lock = lock
        self._connection: db.Connection | None = None
        self._leads = False

    async def connection(self) -> db.Connection | None:
        """The connection if this node leads. Raises what connecting raises."""
        if self._connection is None or self._connection.is_closed():
            self._leads = False
            self._connection = await self._connect()
        if not self._leads:
            self._leads = await locks.take(self._connection, self._lock)
        return self._connection if self._leads else None

    def resign(self) -> None:
        """Let another node lead."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
