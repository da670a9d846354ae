"""How a worker follows the directory, while PostgreSQL comes and goes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import PATIENCE_S, POLL_S, Cluster
from mana_errors import meters
from mana_errors.model.app import EMPTY_DIRECTORY, AppSettings
from mana_errors.model.app_change import AppChange, NewApp, NewKey
from mana_errors.store import apps, db, directory
from mana_errors.store.audit import COMMAND
from mana_errors.store.directory import DirectoryKeeper, read_snapshot
from mana_errors.store.migrate import migrate

KEY = "0123456789abcdef" * 2


async def wait_for(condition: Callable[[], Any], what: str) -> None:
    """Until it is true, while the keeper works."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        await asyncio.sleep(POLL_S)


def failures() -> float:
    """How often the database failed the directory."""
    return meters.database_failures.labels("directory")._value.get()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not wait as long as a database does."""
    monkeypatch.setattr(directory, "POLL_S", 0.02)
    monkeypatch.setattr(directory, "MAX_PAUSE_S", 0.05)


@pytest.fixture
async def keeper(migrated_dsn: str, tmp_path: Path) -> AsyncIterator[DirectoryKeeper]:
    """One that runs, in a data directory of its own."""
    async with keeping(DirectoryKeeper(migrated_dsn, tmp_path / "directory")) as running:
        yield running


@asynccontextmanager
async def keeping(keeper: DirectoryKeeper) -> AsyncIterator[DirectoryKeeper]:
    """Let it run."""
    stopping = asyncio.Event()
    task = asyncio.create_task(keeper.run(stopping))
    yield keeper
    stopping.set()
    async with asyncio.timeout(PATIENCE_S):
        await task


async def test_changes_are_followed(
    keeper: DirectoryKeeper, connection: db.Connection, tmp_path: Path
) -> None:
    """Apps, settings and keys, in memory and in the snapshot."""
    await apps.create(connection, NewApp("chat", 7, KEY), COMMAND)
    await wait_for(lambda: KEY in keeper.current.keys, "the key")
    await apps.change(connection, "chat", AppChange(settings={"requireKey": True}), COMMAND)
    await wait_for(
        lambda: keeper.current.apps["chat"].settings == AppSettings(require_key=True), "the change"
    )
    key = await apps.add_key(connection, "chat", NewKey(), COMMAND)
    await wait_for(lambda: key.key in keeper.current.keys, "another key")
    await apps.revoke_key(connection, "chat", key.id, COMMAND)
    await wait_for(lambda: key.key not in keeper.current.keys, "the key's end")
    await wait_for(lambda: read_snapshot(tmp_path / "directory") == keeper.current, "the snapshot")


async def test_the_last_directory_outlives_the_database(
    keeper: DirectoryKeeper, cluster: Cluster, migrated_dsn: str, tmp_path: Path
) -> None:
    """It stays in force, also for a worker that starts meanwhile; then it is refreshed."""
    connection = await db.connect(migrated_dsn)
    await apps.create(connection, NewApp("chat", 7, KEY), COMMAND)
    await wait_for(lambda: KEY in keeper.current.keys, "the key")
    name = await connection.fetchval("SELECT current_database()")
    await connection.close()
    known, failed = keeper.current, failures()
    cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    cluster.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='{name}'"
    )
    await wait_for(lambda: failures() >= failed + 3, "attempts")
    assert keeper.current == known
    late = DirectoryKeeper(migrated_dsn, tmp_path / "directory")
    assert late.current == known
    cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    connection = await db.connect(migrated_dsn)
    await apps.ensure(connection, ["picture"])
    await connection.close()
    await wait_for(lambda: "picture" in keeper.current.apps, "the app")


async def test_a_worker_may_start_before_the_database_is_migrated(
    empty_dsn: str, tmp_path: Path
) -> None:
    keeper = DirectoryKeeper(empty_dsn, tmp_path / "directory")
    async with keeping(keeper):
        before = failures()
        await wait_for(lambda: failures() > before, "an attempt")
        assert keeper.current == EMPTY_DIRECTORY
        await migrate(empty_dsn)
        await wait_for(lambda: keeper.current.version == 1, "the directory")


async def test_another_database_at_the_same_version_is_another_directory(
    connection: db.Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """After a restore: a snapshot's version says nothing about the database's content."""
    await apps.ensure(connection, ["chat"])
    current = await apps.read_directory(connection)
    stale = directory.Directory(current.version, {}, {})
    directory.write_snapshot(tmp_path / "directory", stale)
    keeper = DirectoryKeeper(migrated_dsn, tmp_path / "directory")
    assert keeper.current == stale
    async with keeping(keeper):
        await wait_for(lambda: keeper.current == current, "the database's content")


async def test_a_snapshot_that_cannot_be_written_costs_nothing_else(
    connection: db.Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """Counted; the directory is in force all the same."""
    counter = meters.unexpected.labels("directory")._value
    before = counter.get()
    keeper = DirectoryKeeper(migrated_dsn, tmp_path / "missing" / "directory")
    async with keeping(keeper):
        await apps.ensure(connection, ["chat"])
        await wait_for(lambda: "chat" in keeper.current.apps, "the app")
    assert counter.get() > before


async def test_uses_of_keys_are_written_once_a_minute(
    keeper: DirectoryKeeper, connection: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a key is used."""
    noted: list[list[str]] = []
    note = apps.note_keys_used

    async def counted(connection: db.Connection, keys: list[str]) -> None:
        await note(connection, keys)
        noted.append(keys)

    monkeypatch.setattr(apps, "note_keys_used", counted)
    await apps.create(connection, NewApp("chat", None, KEY), COMMAND)
    for _ in range(100):
        keeper.key_used(KEY)
    await wait_for(lambda: noted, "the note")
    keeper.key_used(KEY)
    version = keeper.current.version
    await apps.ensure(connection, ["picture"])
    await wait_for(lambda: keeper.current.version > version, "later rounds")
    assert noted == [[KEY]]
    [key] = await apps.keys_of(connection, "chat")
    assert key.last_used_at is not None
    monkeypatch.setattr(directory, "USED_S", 0.0)
    await wait_for(lambda: len(noted) > 1, "the next minute's note")
