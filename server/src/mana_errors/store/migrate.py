"""Migrations: forward only, safe for ten nodes that start at once.

Files are NNNN_pre_name.sql and NNNN_post_name.sql. `pre` runs before the new release and must be
safe while the old one still works; `post` runs once no old node is left. Each file is one
transaction.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal

from mana_errors.errors import DatabaseUnusable
from mana_errors.store import db
from mana_errors.store.partitions import ensure_ahead

Phase = Literal["pre", "post"]

# Any fixed number: "mana" and "migr" in ASCII.
_LOCK: Final = 0x6D616E61_6D696772
_BOOKKEEPING: Final = """
CREATE SCHEMA IF NOT EXISTS error_logs;
CREATE TABLE IF NOT EXISTS error_logs.migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of store/migrations."""

    name: str
    phase: Phase
    sql: str


def available() -> list[Migration]:
    """All migrations of this release, in order."""
    folder = files("mana_errors.store").joinpath("migrations")
    sources = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=_name
    )
    return [
        Migration(
            name=source.name.removesuffix(".sql"),
            phase="post" if source.name.split("_")[1] == "post" else "pre",
            sql=source.read_text(encoding="utf-8"),
        )
        for source in sources
    ]


def _name(entry: object) -> str:
    return str(getattr(entry, "name", ""))


async def migrate(dsn: str, *, phases: tuple[Phase, ...] = ("pre", "post")) -> list[str]:
    """Apply what is missing; returns the names applied.

    Raises StoreUnavailable, or DatabaseUnusable for a wrong version or a newer schema.
    """
    # A migration of a big table takes the time that it takes, and so does waiting for another node.
    connection = await db.connect(dsn, application="mana-errors-migrate", command_timeout_s=None)
    try:
        await db.check_version(connection)
        async with db.translated():
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
            await connection.execute(_BOOKKEEPING)
            applied = await _apply(connection, phases)
            await ensure_ahead(connection)
        return applied
    finally:
        connection.terminate()


async def pending(connection: db.Connection) -> list[str]:
    """Names of this release's migrations that the database lacks."""
    if await connection.fetchval("SELECT to_regclass('error_logs.migrations') IS NULL"):
        return [migration.name for migration in available()]
    done = await _done(connection)
    return [migration.name for migration in available() if migration.name not in done]


async def _apply(connection: db.Connection, phases: tuple[Phase, ...]) -> list[str]:
    known = available()
    done = await _done(connection)
    _refuse_newer(done, known)
    missing = [item for item in known if item.name not in done and item.phase in phases]
    for migration in missing:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO error_logs.migrations (name) VALUES ($1)", migration.name
            )
    return [migration.name for migration in missing]


async def _done(connection: db.Connection) -> set[str]:
    rows = await connection.fetch("SELECT name FROM error_logs.migrations")
    return {str(row["name"]) for row in rows}


def _refuse_newer(done: set[str], known: list[Migration]) -> None:
    unknown = sorted(done - {migration.name for migration in known})
    after_ours = [name for name in unknown if name > known[-1].name and "_post_" in name]
    if after_ours:
        raise DatabaseUnusable(
            f"The database was upgraded past this release ({after_ours[0]}): use a newer release."
        )
