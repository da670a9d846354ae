"""What the machine does without our path: an HTTP server alone, COPY, DROP, DELETE alone."""

import asyncio
import io
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bench.server import Server
from mana_errors.store.db import Connection
from mana_errors.store.events import COLUMNS
from mana_errors.store.partitions import ensure
from mana_errors.store.spool.reader import MAX_RECORDS

# As many rows as the digest copies at once.
COPY_ROWS: Final = MAX_RECORDS
# Distinct events that a fill multiplies.
FILL_SAMPLE: Final = 2_000
_NAMES: Final = ", ".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class NullServer:
    """The HTTP server without our work."""

    port: int
    pid: int


@asynccontextmanager
async def null_server() -> AsyncGenerator[NullServer]:
    """A server that answers 201 without work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.null_server", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield NullServer(int(await process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows a second, and CPU seconds a row of the server's processes."""

    rate: float
    cpu: float


async def raw_copy(server: Server, rows: int) -> Copied:
    """Binary COPY into the events' table: the newest stored events once more, with new ids,
    encoded ahead, COPY_ROWS a transaction, over one connection."""
    offsets = range(0, rows, COPY_ROWS)
    chunks = [await _encoded(server.connection, offset) for offset in offsets]
    cpu, started = server.cpu(), time.monotonic()
    for chunk in chunks:
        await server.connection.copy_to_table(
            "error_logs",
            schema_name="error_logs",
            columns=COLUMNS,
            source=io.BytesIO(chunk),
            format="binary",
        )
    took = time.monotonic() - started
    copied = len(chunks) * COPY_ROWS
    return Copied(copied / took, (server.cpu() - cpu) / copied)


async def _encoded(connection: Connection, offset: int) -> bytes:
    output = io.BytesIO()
    # random() within the chunk: the path's events do not come sorted by time either.
    await connection.copy_from_query(
        f"SELECT {_with_new_id()} FROM ("
        " SELECT * FROM error_logs.error_logs ORDER BY occurred_at DESC"
        f" OFFSET {offset} LIMIT {COPY_ROWS}) newest ORDER BY random()",
        output=output,
        format="binary",
    )
    return output.getvalue()


def _with_new_id(**expressions: str) -> str:
    made = {"id": "uuidv7()", **expressions}
    return ", ".join(made.get(name, name) for name in COLUMNS)


async def fill(server: Server, day: date, rows: int) -> None:
    """Store `rows` events over a UTC day that is not in the future, by the database alone."""
    connection = server.connection
    await ensure(connection, {day})
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    seconds = min(datetime.now(UTC) - start, timedelta(days=1)).total_seconds()
    times = f"'{start}'::timestamptz + (n - random()) * {seconds / rows} * '1 s'::interval"
    await connection.execute("DROP TABLE IF EXISTS pg_temp.sample")
    await connection.execute(
        "CREATE TEMP TABLE sample AS SELECT *, row_number() OVER () AS number FROM ("
        f" SELECT {_NAMES} FROM error_logs.error_logs ORDER BY occurred_at DESC LIMIT {FILL_SAMPLE}"
        ") newest"
    )
    await connection.execute(
        f"INSERT INTO error_logs.error_logs ({_NAMES}) "
        f"SELECT {_with_new_id(occurred_at=times)} "
        f"FROM generate_series(1, {rows}) n JOIN sample ON number = n % {FILL_SAMPLE} + 1"
    )
    # What autovacuum would otherwise do amid the next measurement.
    await connection.execute(f"VACUUM ANALYZE error_logs.error_logs_{day:%Y%m%d}")
    await connection.execute("CHECKPOINT")


async def drop(server: Server, day: date) -> float:
    """Seconds of DROP TABLE of a day's partition."""
    started = time.monotonic()
    await server.connection.execute(f"DROP TABLE error_logs.error_logs_{day:%Y%m%d}")
    return time.monotonic() - started


async def delete_and_vacuum(server: Server, day: date) -> float:
    """Seconds of removing a day row by row, as without partitions."""
    started = time.monotonic()
    await server.connection.execute(f"DELETE FROM error_logs.error_logs_{day:%Y%m%d}")
    await server.connection.execute(f"VACUUM error_logs.error_logs_{day:%Y%m%d}")
    return time.monotonic() - started
