"""Checks of `doctor` that ask PostgreSQL."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from mana_errors.cli.checks_users import users_table
from mana_errors.cli.findings import Finding, fail, ok, warn
from mana_errors.config import MEBIBYTE, Settings
from mana_errors.errors import DatabaseUnusable
from mana_errors.model.ids import uuid7_millis
from mana_errors.store import db, partitions
from mana_errors.store.migrate import pending
from mana_errors.store.queries import load
from mana_errors.store.spool.reader import SegmentReader, segments

# Retention and occurred_at are days and hours; a skew of seconds confuses people who compare logs,
# one of minutes puts events into the wrong hour.
SKEW_WARN_S: Final = 2.0
SKEW_FAIL_S: Final = 300.0
# retention makes them days ahead; fewer means that it does not run
PARTITIONS_AHEAD: Final = 1
WAITING_WARN_BYTES: Final = 64 * MEBIBYTE
_LAG_ADVICE: Final = "Is the server running? Its log says why the digest waits."


async def database_findings(connection: db.Connection, settings: Settings) -> list[Finding]:
    """All of them, in the order in which they are shown."""
    found = [await version(connection), await rights(connection), await clock(connection)]
    missing = await pending(connection)
    if missing:
        advice = "`mana-errors serve` applies them, or run `mana-errors migrate`."
        return [*found, warn("migrations", f"pending: {', '.join(missing)}", advice)]
    return [
        *found,
        ok("migrations", "all applied"),
        await days_ahead(connection),
        await spool(connection, settings.data_dir / "spool"),
        *await users_table(connection, settings),
    ]


async def version(connection: db.Connection) -> Finding:
    """A PostgreSQL that we test on."""
    name = str(await connection.fetchval("SHOW server_version"))
    low, high = db.SUPPORTED_MAJOR
    if not low <= connection.get_server_version().major <= high:
        return fail("PostgreSQL", name, f"Use PostgreSQL {low} to {high}.")
    return ok("PostgreSQL", name)


async def rights(connection: db.Connection) -> Finding:
    """Whether we may make and change our schema."""
    may = await connection.fetchval(
        "SELECT CASE WHEN to_regnamespace('error_logs') IS NULL "
        "THEN has_database_privilege(current_database(), 'CREATE') "
        "ELSE has_schema_privilege('error_logs', 'CREATE') END"
    )
    user, database = await connection.fetchrow("SELECT current_user, current_database()") or (
        "",
        "",
    )
    if not may:
        advice = f'As its owner run: GRANT CREATE ON DATABASE "{database}" TO "{user}";'
        return fail("rights", f"{user} may not create tables in {database}", advice)
    return ok("rights", f"{user} owns what it needs in {database}")


async def clock(connection: db.Connection) -> Finding:
    """Whether both machines agree what time it is."""
    before = time.time()
    theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    skew = float(theirs) - (before + time.time()) / 2
    detail = f"the database's is {skew:+.3f} s from ours"
    advice = "Synchronise both clocks (NTP)."
    if abs(skew) > SKEW_FAIL_S:
        return fail("clock", detail, advice)
    return warn("clock", detail, advice) if abs(skew) > SKEW_WARN_S else ok("clock", detail)


async def days_ahead(connection: db.Connection) -> Finding:
    """Whether tomorrow's events have a table."""
    last = max(await partitions.existing(connection), default=None)
    ahead = (last - datetime.now(UTC).date()).days if last else 0
    if ahead < PARTITIONS_AHEAD:
        return fail("partitions", f"made {ahead} days ahead", "Start the server: it makes them.")
    return ok("partitions", f"made {ahead} days ahead")


async def spool(connection: db.Connection, directory: Path) -> Finding:
    """How much waits to be stored, and since when at most."""
    waiting = 0
    since: datetime | None = None
    position = load("spool_cursors")["position"]
    for path in segments(directory):
        with SegmentReader(path) as reader:
            known = await connection.fetchval(position, reader.segment)
            behind = reader.waiting_bytes(known or 0)
            if behind and since is None:
                since = datetime.fromtimestamp((uuid7_millis(reader.segment) or 0) / 1000, UTC)
            waiting += behind
    if not since:
        return ok("spool", "everything is stored")
    age = timedelta(seconds=int((datetime.now(UTC) - since).total_seconds()))
    detail = f"{waiting} bytes wait to be stored, the oldest for at most {age}"
    return (
        warn("spool", detail, _LAG_ADVICE) if waiting > WAITING_WARN_BYTES else ok("spool", detail)
    )


def unreachable(error: Exception) -> Finding:
    """No connection, so nothing more can be asked."""
    advice = "Correct DATABASE_URL, or start what it names."
    return fail("PostgreSQL", str(error), "" if isinstance(error, DatabaseUnusable) else advice)
