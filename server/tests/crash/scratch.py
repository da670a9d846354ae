"""A PostgreSQL that is not the server's own, for DATABASE_URL: a test stops and starts it."""

import asyncio
import contextlib
import os
import re
import signal
import time
from pathlib import Path

import asyncpg

from harness import POLL_S, wait_until
from mana_errors.errors import StoreUnavailable
from mana_errors.store.embedded import EmbeddedPostgres
from mana_errors.store.embedded.processes import processes_in


class Scratch:
    """One cluster."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._postgres = EmbeddedPostgres(directory)
        self._frozen: list[int] = []

    def start(self) -> None:
        """Start it; back ends of a killed one may still be leaving."""
        while True:
            try:
                self._postgres.start()
                self._postgres.wait_ready()
            except StoreUnavailable:
                time.sleep(POLL_S)
            else:
                return

    def database(self, name: str) -> str:
        """Make a database; its DSN."""
        clean = re.sub(r"[^a-z0-9]+", "_", name.lower())[-60:]
        asyncio.run(self._create(clean))
        return self._postgres.dsn.replace("/mana_errors?", f"/{clean}?")

    def kill(self) -> None:
        """kill -9 of the postmaster, for good; back ends leave by themselves."""
        assert self._postgres.pid is not None
        os.kill(self._postgres.pid, signal.SIGKILL)
        wait_until(lambda: not self._postgres.running(), "the postmaster is dead")

    def freeze(self) -> None:
        """SIGSTOP of every process: connections stay open and nothing answers."""
        self._frozen = sorted(processes_in(self._postgres.layout.cluster))
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        frozen, self._frozen = self._frozen, []
        for pid in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def destroy(self) -> None:
        """Kill all of it."""
        # running() reaps the postmaster
        while (pids := processes_in(self._postgres.layout.cluster)) or self._postgres.running():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(POLL_S)

    async def _create(self, name: str) -> None:
        connection = await asyncpg.connect(self._postgres.dsn)
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
