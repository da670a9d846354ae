"""Advisory locks: what one node does at a time."""

from mana_errors.store.db import Connection


async def take(connection: Connection, number: int) -> bool:
    """Try to take a lock; it is held for as long as the connection lives."""
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", number)
    return taken
