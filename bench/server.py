"""The shipped server on a scratch data directory, and what its processes use. Linux only."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mana_errors.cli.greeting import answers
from mana_errors.errors import StoreUnavailable
from mana_errors.store import db
from mana_errors.store.embedded.layout import layout_of

# A file system that outlives a reboot is a real disk; /tmp may be memory.
SCRATCH: Final = Path("/var/tmp")
START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 60.0
# Longest that a figure waits for its last event.
SETTLE_LIMIT_S: Final = 300.0
_POLL_S: Final = 0.01
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_POSTGRES: Final = "postgres"
# Fields of /proc/<pid>/stat behind the name, proc(5) numbers less 3: ppid 4, utime 14 to cstime 17.
_PARENT: Final = 1
_TIMES: Final = slice(11, 15)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    name: str
    # of itself and of its children that ended, seconds
    cpu: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with default settings but sampling, and an embedded PostgreSQL."""

    port: int
    pid: int
    dsn: str
    connection: db.Connection

    async def counted(self) -> int:
        """Occurrences that issues show."""
        total: int = await self.connection.fetchval(
            "SELECT coalesce(sum(count), 0)::bigint FROM error_logs.issues"
        )
        return total

    async def settle(self, expected: int) -> float:
        """Wait until issues count exactly `expected`; when that was, on the monotonic clock."""
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while True:
            asked = time.monotonic()
            counted = await self.counted()
            now = time.monotonic()
            if counted == expected:
                return now
            if counted > expected or now > deadline:
                raise RuntimeError(f"issues count {counted} events, {expected} were accepted")
            # Looking must not become the load: a tenth of the time at most.
            await asyncio.sleep(max(_POLL_S, 10 * (now - asked)))

    def cpu(self) -> float:
        """CPU seconds of all processes so far, PostgreSQL's included."""
        return cpu_of(self.pid)

    def resident(self) -> int:
        """Resident bytes without PostgreSQL."""
        return resident_of(self.pid)

    async def stored_bytes(self) -> tuple[int, int]:
        """Bytes of all tables with indexes and TOAST, and the events in them."""
        size: int = await self.connection.fetchval(
            "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c "
            "WHERE c.relnamespace = 'error_logs'::regnamespace AND c.relkind = 'r'"
        )
        events: int = await self.connection.fetchval("SELECT count(*) FROM error_logs.error_logs")
        return size, events


@asynccontextmanager
async def running() -> AsyncGenerator[Server]:
    """A server on a fresh data directory, which goes with it."""
    data_dir = Path(tempfile.mkdtemp(prefix="mana-bench-", dir=SCRATCH))
    port = _free_port()
    process = _launch(data_dir, port)
    try:
        dsn = layout_of(data_dir / "data").dsn
        await _live(process, port)
        connection = await _connected(dsn)
        yield Server(port, process.pid, dsn, connection)
        await connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_LIMIT_S)
        shutil.rmtree(data_dir)


def cpu_of(root: int) -> float:
    """CPU seconds of a process and all its descendants, past ones included."""
    return sum(process.cpu for process in _tree(root))


def resident_of(root: int) -> int:
    """Resident bytes of a process and its descendants but PostgreSQL's; pages that several
    share count in each."""
    return sum(
        int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * _PAGE
        for process in _tree(root)
        if process.name != _POSTGRES
    )


def _launch(data_dir: Path, port: int) -> subprocess.Popen[bytes]:
    options = ("--host", "127.0.0.1", "--port", str(port), "--data-dir", data_dir / "data")
    with (data_dir / "serve.log").open("wb") as log:
        return subprocess.Popen(
            [Path(sys.executable).with_name("mana-errors"), "serve", *options],
            env=_settings(),
            stdout=log,
            stderr=log,
            # a terminal's Ctrl-C is ours to pass on, once
            process_group=0,
        )


def _settings() -> dict[str, str]:
    default = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MANA_ERRORS_", "DATABASE_URL"))
    }
    # What is measured is storing: a sampled storm would be all too fast.
    return {**default, "MANA_ERRORS_SAMPLE_AFTER": "0"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def _live(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not answers("127.0.0.1", port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the server does not start: try `make run`")
        await asyncio.sleep(_POLL_S)


async def _connected(dsn: str) -> db.Connection:
    """A connection once the server's migrations are through."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            connection = await db.connect(dsn, application="mana-bench", command_timeout_s=None)
            if await connection.fetchval("SELECT to_regclass('error_logs.audit_log')") is not None:
                return connection
            await connection.close()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_POLL_S)


def _tree(root: int) -> list[_Process]:
    """A process and all its descendants."""
    everyone = [found for entry in Path("/proc").glob("[0-9]*") if (found := _look(entry))]
    family = {root}
    while grown := {one.pid for one in everyone if one.parent in family} - family:
        family |= grown
    return [one for one in everyone if one.pid in family]


def _look(entry: Path) -> _Process | None:
    try:
        head, _, tail = (entry / "stat").read_text().rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = tail.split()
    cpu = sum(int(ticks) for ticks in fields[_TIMES]) / _TICKS
    return _Process(int(entry.name), int(fields[_PARENT]), head.partition("(")[2], cpu)
