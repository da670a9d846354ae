"""Daily partitions of error_logs.error_logs, by UTC day of occurred_at."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import asyncpg

from mana_errors.store import db

# A week-end without anyone looking, and a day to notice.
DAYS_AHEAD: Final = 4
_PREFIX: Final = "error_logs_"
# Serializes those who make the same partition: "mana" and "part" in ASCII.
_LOCK: Final = 0x6D616E61_70617274
# Read, never compared: autoanalyze would fetch and sort samples of them all day. Without, one
# ANALYZE of 60,000 events took 0.5 s of CPU instead of 1.5.
_UNANALYZED: Final = (
    "stack_trace",
    "request_headers",
    "request_body",
    "context",
    "user_agent",
    "browser_info",
    "device_info",
    "tags",
    "notes",
    "payload",
)
# Byte budgets and ages of apps delete rows: their space should serve new events soon, and the
# default waits until a fifth of a partition is dead.
_OPTIONS: Final = "autovacuum_vacuum_scale_factor = 0.05"
# Dropping waits for readers of the parent and everyone queues behind it: give up soon, try later.
_DROP_LOCK_TIMEOUT: Final = "500ms"


async def ensure_ahead(connection: db.Connection, today: date | None = None) -> None:
    """Make the partitions from yesterday to DAYS_AHEAD days from now."""
    start = (today or datetime.now(UTC).date()) - timedelta(days=1)
    await ensure(connection, {start + timedelta(days=offset) for offset in range(DAYS_AHEAD + 2)})


async def ensure(connection: db.Connection, days: set[date]) -> None:
    """Make the partitions of these days where they are missing."""
    missing = days - await existing(connection)
    for day in sorted(missing):
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            if day not in await existing(connection):
                await _make(connection, day)


async def _make(connection: db.Connection, day: date) -> None:
    # ATTACH takes a weaker lock on the parent than CREATE … PARTITION OF: writers go on.
    name = f"error_logs.{_PREFIX}{day:%Y%m%d}"
    until = day + timedelta(days=1)
    await connection.execute(
        f"CREATE TABLE {name} (LIKE error_logs.error_logs INCLUDING ALL) WITH ({_OPTIONS})"
    )
    quiet = ", ".join(f"ALTER COLUMN {column} SET STATISTICS 0" for column in _UNANALYZED)
    await connection.execute(f"ALTER TABLE {name} {quiet}")
    await connection.execute(
        f"ALTER TABLE error_logs.error_logs ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{until} 00:00:00+00')"
    )


async def clock(connection: db.Connection) -> datetime:
    """PostgreSQL's time."""
    now: datetime = await connection.fetchval("SELECT now()")
    return now


async def existing(connection: db.Connection) -> set[date]:
    """Days that have a partition."""
    rows = await connection.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'error_logs.error_logs'::regclass"
    )
    return {_day(str(row["relname"])) for row in rows}


def _day(name: str) -> date:
    return datetime.strptime(name.removeprefix(_PREFIX), "%Y%m%d").replace(tzinfo=UTC).date()


async def drop_before(connection: db.Connection, oldest: date) -> list[date]:
    """Drop the partitions of days before `oldest`; returns those dropped.

    A partition that a reader holds is left for the next run.
    """
    dropped: list[date] = []
    for day in sorted(day for day in await existing(connection) if day < oldest):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{_DROP_LOCK_TIMEOUT}'")
                await connection.execute(f"DROP TABLE error_logs.{_PREFIX}{day:%Y%m%d}")
        except asyncpg.LockNotAvailableError:
            break
        dropped.append(day)
    return dropped
