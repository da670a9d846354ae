"""The server's database, for a command that runs beside a server or without one."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from mana_errors.cli import datadir
from mana_errors.config import Settings, load_settings
from mana_errors.errors import DatabaseUnusable, StoreUnavailable
from mana_errors.store.db import Connection, connect
from mana_errors.store.embedded import EmbeddedPostgres
from mana_errors.store.migrate import pending

T = TypeVar("T")

# A server that starts may first have to recover from a crash; a person waits about this long.
READY_LIMIT_S: Final = 60.0
POLL_S: Final = 0.05


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """DSN of a PostgreSQL that takes connections, started for the command if none runs."""
    if settings.database_url:
        yield settings.database_url
        return
    postgres = EmbeddedPostgres(settings.data_dir)
    if datadir.owned(settings.data_dir):
        _wait(postgres)
        yield postgres.dsn
        return
    with datadir.own(settings.data_dir), _for_now(postgres):
        yield postgres.dsn


def with_connection(data_dir: Path | None, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run work on one connection to the server's database. Raises DatabaseUnusable for one that
    lacks migrations of this release."""

    async def connected(dsn: str) -> T:
        connection = await connect(dsn, application="mana-errors-cli")
        try:
            if await pending(connection):
                raise DatabaseUnusable(
                    "The database lacks this release's tables: start the server, or run "
                    "`mana-errors migrate`."
                )
            return await work(connection)
        finally:
            await connection.close()

    with database(load_settings(data_dir=data_dir)) as dsn:
        return asyncio.run(connected(dsn))


def _wait(postgres: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while not postgres.ready():
        if time.monotonic() > deadline:
            raise StoreUnavailable(
                f"The server's PostgreSQL is not ready: see {postgres.layout.log}"
            )
        time.sleep(POLL_S)


@contextmanager
def _for_now(postgres: EmbeddedPostgres) -> Generator[None]:
    say("No server runs on this data directory: starting PostgreSQL for this command.")
    _start(postgres)
    try:
        yield
    finally:
        postgres.stop()


def _start(postgres: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while True:
        try:
            postgres.start()
            postgres.wait_ready(report=say)
        except StoreUnavailable:
            # back ends of a killed postmaster are leaving
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)
        else:
            return


def say(text: str) -> None:
    """A remark that is not the command's output."""
    sys.stderr.write(f"{text}\n")
