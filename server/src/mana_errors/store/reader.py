"""Connections for the API and the pages: made when first needed, bounded in number and time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, cast

import asyncpg

from mana_errors.errors import StoreUnavailable
from mana_errors.store import db

# SQLSTATEs that are no fault of the request, by their beginnings, and what readers are told.
_REASONS: Final = {
    "57014": f"the query took longer than {db.READ_TIMEOUT_S:.0f} s: ask for less",
    "42P01": "the database is not migrated",
    "42703": "the database is not migrated",
    "3F000": "the database is not migrated",
    "42501": "the database denies access",
    "28": "the database denies access",
}


class Reader:
    """A pool that outlives the database's absences."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: db.Pool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[db.Connection]:
        """One connection. Raises StoreUnavailable: away, busy, too slow, not migrated."""
        try:
            async with (
                db.translated(),
                (await self._opened()).acquire(timeout=db.CONNECT_TIMEOUT_S) as borrowed,
            ):
                # A proxy with all of a connection's methods.
                yield cast("db.Connection", borrowed)
        except asyncpg.PostgresError as error:
            for beginning, reason in _REASONS.items():
                if str(error.sqlstate).startswith(beginning):
                    raise StoreUnavailable(reason) from error
            raise

    async def _opened(self) -> db.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await db.open_pool(self._dsn)
            return self._pool

    async def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
