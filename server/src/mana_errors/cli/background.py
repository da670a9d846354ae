"""The background process of a node: digest, triage, retention. Started by `serve`."""

import asyncio
import contextlib
import functools
import gc
import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import uvloop

from mana_errors import logs, meters
from mana_errors.cli import reporting
from mana_errors.cli.parent import parent_gone
from mana_errors.cli.welcome import welcome
from mana_errors.config import Settings, load_settings
from mana_errors.digest.run import Digest, DigestPlace, DigestRules
from mana_errors.errors import OperatorError, StoreUnavailable
from mana_errors.retention import run as retention
from mana_errors.store import db
from mana_errors.store.directory import DirectoryKeeper
from mana_errors.store.migrate import migrate
from mana_errors.store.node import node_id
from mana_errors.store.spool.writer import spool_bytes
from mana_errors.triage.run import Triage

# How often the database is tried at start; it is starting beside us.
START_POLL_S: Final = 0.1
GAUGE_INTERVAL_S: Final = 1.0
# Objects made before the youngest are looked through: those of some hundred events, not of ten.
GC_THRESHOLD: Final = 50_000

_log: Final = logging.getLogger("mana_errors.cli.background")


def main() -> None:
    """Run until SIGTERM or until the parent is gone; then drain what PostgreSQL takes."""
    settings = load_settings()
    logs.setup(settings.log_level, settings.log_format, "background")
    # What the start made stays for good, and what a batch makes dies with it: looking through
    # both again and again took an eighth of the digest's time.
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, os.environ["MANA_ERRORS_DSN"]))


async def _run(settings: Settings, dsn: str) -> None:
    """Migrate, then digest, triage and retention side by side until told to stop."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    # A terminal's Ctrl-C reaches us too; `serve` says when it is our turn.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    # Nobody waits for us then, and the next server wants our data directory: go at once. Digest
    # and fold are transactions, so the next one goes on where this one ends.
    parent_gone(lambda: os._exit(1))
    if not await _migrate(dsn, stopping):
        return
    triage = Triage(functools.partial(db.connect, dsn, application="mana-errors-triage"))
    keeper = DirectoryKeeper(dsn, settings.data_dir / "directory")
    digest = _digest(settings, dsn, keeper, triage.wake)
    connect = functools.partial(db.connect, dsn, application="mana-errors-retention")
    digested = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(welcome(settings, dsn))
        tasks.create_task(keeper.run(stopping))
        tasks.create_task(_digest_then_tell(digest, stopping, digested))
        # Triage goes last: it folds what the digest's last batches add.
        tasks.create_task(triage.run(digested))
        tasks.create_task(retention.run(connect, settings, stopping))
        tasks.create_task(_gauge(settings, digest, stopping))
        connect = functools.partial(db.connect, dsn, application="mana-errors-node")
        tasks.create_task(reporting.report(settings.data_dir, digest.waiting, connect, stopping))


def _digest(
    settings: Settings, dsn: str, keeper: DirectoryKeeper, on_stored: Callable[[], None]
) -> Digest:
    place = DigestPlace(
        node=node_id(settings.data_dir),
        spool=settings.data_dir / "spool",
        dead_letters=settings.data_dir / "dead-letters",
    )
    rules = DigestRules(
        directory=lambda: keeper.current,
        sample_after=settings.sample_after,
        users_table=settings.users_table,
    )
    connect = functools.partial(db.connect, dsn, application="mana-errors-digest")
    return Digest(place, rules, connect, on_stored)


async def _digest_then_tell(digest: Digest, stopping: asyncio.Event, done: asyncio.Event) -> None:
    await digest.run(stopping)
    done.set()


async def _migrate(dsn: str, stopping: asyncio.Event) -> bool:
    last_said = 0.0
    while not stopping.is_set():
        try:
            for name in await migrate(dsn):
                _log.info("migrated", extra={"migration": name})
        except StoreUnavailable as error:
            if time.monotonic() - last_said > 10 * GAUGE_INTERVAL_S:
                last_said = time.monotonic()
                _log.info("waiting for PostgreSQL: %s", error)
            await asyncio.sleep(START_POLL_S)
        except OperatorError as error:
            _log.error("%s", error)
            raise SystemExit(error.exit_status) from error
        else:
            return True
    return False


async def _gauge(settings: Settings, digest: Digest, stopping: asyncio.Event) -> None:
    spool = settings.data_dir / "spool"
    while not stopping.is_set():
        # The first worker makes the directory; a segment may vanish while we look.
        with contextlib.suppress(FileNotFoundError):
            meters.spool_bytes.set(spool_bytes(spool))
            waiting = digest.waiting()
            meters.spool_waiting_bytes.set(waiting.bytes)
            now = datetime.now(UTC)
            meters.spool_age_seconds.set((now - (waiting.oldest or now)).total_seconds())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), GAUGE_INTERVAL_S)


if __name__ == "__main__":
    main()
