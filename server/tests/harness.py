"""Real things for tests: a PostgreSQL cluster of either version, and a server's processes."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import uuid4

from mana_errors.model.principal import Role, Scope
from mana_errors.store import db, members, sessions, tokens
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.store.embedded import EmbeddedPostgres, launch
from mana_errors.store.embedded.layout import PORT, binary
from mana_errors.store.embedded.processes import is_alive, read_pid_file
from mana_errors.store.members import NewMember

T = TypeVar("T")

# Only bounds on waits that normally take a fraction: a loaded machine must not fail a test.
PATIENCE_S = 60.0
POLL_S = 0.02
LOG_TAIL = 60
_MEMORY = Path("/dev/shm")
# A cluster and servers for each of three processes: 1 GB was seen.
_ENOUGH_BYTES = 6_000_000_000


def keep_in_memory() -> None:
    """Tests' files lie in memory, if there is enough of it. PostgreSQL on a disk, even one that is
    never waited for, takes five times the system's time (measured: 9 s for what took 1.8 s)."""
    if _MEMORY.exists() and shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def wait_until(condition: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    """The first truthy answer of condition()."""
    deadline = time.monotonic() + patience_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(POLL_S)
    return answer


class Cluster:
    """A PostgreSQL for one test session: no fsync, no TCP, databases by the dozen."""

    def __init__(self, root: Path, binaries: Path) -> None:
        self.root = root
        self._binaries = binaries
        self._data = root / "data"
        root.chmod(0o700)
        run = self._command("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-N",
                            "--encoding=UTF8", "--locale=C")  # fmt: skip
        subprocess.run(run, check=True, capture_output=True, cwd=root)
        self._start()

    def dsn(self, database: str) -> str:
        """Address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.root}&port={PORT}"

    def create(self, template: str = "template1") -> str:
        """A new database; its DSN."""
        name = f"test_{uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.dsn(name)

    def drop(self, dsn: str) -> None:
        """Remove a database, whoever is still connected."""
        name = dsn.removeprefix("postgresql://postgres@/").partition("?")[0]
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, sql: str) -> None:
        """Run SQL as its administrator."""
        psql = (binary("psql"), self.dsn("postgres"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c")
        subprocess.run([*psql, sql], check=True, capture_output=True)

    def stop(self) -> None:
        """End it, at once: nothing of it is kept."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(PATIENCE_S)
        shutil.rmtree(self._data)

    def _start(self) -> None:
        settings = {
            "listen_addresses": "", "unix_socket_directories": self.root, "port": PORT,
            "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
            "max_connections": 100, "max_locks_per_transaction": 256, "autovacuum": "off",
            "max_wal_size": "96MB",
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.root / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", self._data, *options),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.root,
            )  # fmt: skip
        wait_until(self._ready, f"PostgreSQL: {(self.root / 'log').read_text()}")

    def _ready(self) -> bool:
        assert self._process.poll() is None, (self.root / "log").read_text()
        found = read_pid_file(self._data)
        return found is not None and found.status == "ready"

    def _command(self, program: str, *arguments: object) -> list[str]:
        """Through the launcher, because tests may run as root."""
        own = (sys.executable, "-I", "-S", launch.__file__, self.root, self.root)
        return [str(part) for part in (*own, self._binaries / program, *arguments)]


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet buried by init does not."""
    if not Path("/proc/self/stat").exists():
        return is_alive(pid)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A real `mana-errors serve` on its own data directory."""

    data_dir: Path
    # settings as environment variables
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        """Its database."""
        return self.environ.get("DATABASE_URL") or EmbeddedPostgres(self.data_dir).dsn

    @property
    def log_path(self) -> Path:
        """What all of its processes wrote."""
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def log(self) -> list[dict[str, Any]]:
        """Its log lines that are JSON."""
        lines = self.log_path.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def log_tail(self) -> str:
        """For a person who wonders why a test failed."""
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text().splitlines()[-LOG_TAIL:])

    def start(self, *arguments: str) -> "Server":
        """Start it and wait until it is ready: accepts reports, and the database is migrated."""
        earlier = self._greetings()
        self.spawn(*arguments)
        # workers of a killed server may still answer on the same port
        wait_until(lambda: self._greetings(alive=True) > earlier, "a greeting")
        wait_until(self.is_ready, "a ready server")
        return self

    def _greetings(self, *, alive: bool = False) -> int:
        ended = self.process is not None and self.process.poll() is not None
        assert not (alive and ended), f"ended\n{self.log_tail()}"
        if not self.log_path.exists():
            return 0
        return sum(line["event"] == "accepting reports" for line in self.log())

    def spawn(self, *arguments: str) -> None:
        """Start it without waiting."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [executable(), "serve", *arguments],
                env=self.full_environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def full_environ(self) -> dict[str, str]:
        """The environment of the server and of commands beside it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MANA_ERRORS_")}
        kept.pop("DATABASE_URL", None)
        own = {
            "MANA_ERRORS_DATA_DIR": str(self.data_dir),
            "MANA_ERRORS_PORT": str(self.port),
            "MANA_ERRORS_LOG_LEVEL": "debug",
            # Tests look for the rows of what they sent, however much of it is alike.
            "MANA_ERRORS_SAMPLE_AFTER": "0",
        }
        return kept | own | self.environ

    def is_ready(self) -> bool:
        """Whether /health/ready says so."""
        assert self.process is None or self.process.poll() is None, f"ended\n{self.log_tail()}"
        return self.status("/health/ready") == 200

    def status(self, path: str) -> int | None:
        """HTTP status of a GET; None when nobody answers."""
        try:
            with urllib.request.urlopen(self.base_url + path, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None

    def cli(
        self, *arguments: str, text: str | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command beside it."""
        return subprocess.run(
            [executable(), *arguments],
            env=self.full_environ() | environ, input=text, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    def psql(self, sql: str) -> str:
        """psql's answer (`mana-errors psql` would take thirty times as long)."""
        command = [binary("psql"), self.dsn, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    def token(self, scope: str = "read,triage", apps: str | None = None) -> str:
        """A new API token; apps are comma-separated."""
        scopes = cast("list[Scope]", scope.split(","))
        bound = None if apps is None else apps.split(",")
        return self.in_database(lambda c: tokens.create(c, uuid4().hex, scopes, apps=bound))

    def session(self, role: str = "owner", apps: tuple[str, ...] | None = None) -> dict[str, str]:
        """Headers of a browser that a new member signed in with, as our own pages send them."""
        return self.in_database(lambda connection: _sign_in(connection, Role(role), apps))

    def in_database(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run work on a connection to its database."""

        async def connected() -> T:
            connection = await db.connect(self.dsn)
            try:
                return await work(connection)
            finally:
                await connection.close()

        # in a thread: a test's own event loop may be running
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(connected())).result()

    def children(self, name: str = "") -> dict[str, int]:
        """Pids of its live child processes: worker-0, background; later starts win."""
        started = (line for line in self.log() if line["event"] == "started")
        pids = {line["child"]: int(line["child_pid"]) for line in started}
        return {child: pid for child, pid in pids.items() if child.startswith(name)}

    def kill(self) -> None:
        """SIGKILL to the first process alone, as an out-of-memory killer would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """SIGTERM; its exit status. Does nothing when it does not run."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE_S * 2)

    def clean_up(self) -> None:
        """Leave nothing behind, whatever the test did."""
        self.stop()
        for line in self.log() if self.log_path.exists() else []:
            for name in ("child_pid", "pid"):
                if name in line:
                    _end(int(line[name]), self.data_dir)
        shutil.rmtree(self.data_dir, ignore_errors=True)


async def _sign_in(
    connection: Connection, role: Role, apps: tuple[str, ...] | None
) -> dict[str, str]:
    new = NewMember(f"{role}-{uuid4().hex}@example.org", role, apps, "no password")
    member = await members.create(connection, COMMAND, new)
    secret = await sessions.start(connection, member.id, "127.0.0.1", "test")
    return {"Cookie": f"mana_session={secret}", "Sec-Fetch-Site": "same-origin"}


def _end(pid: int, data_dir: Path) -> None:
    """Kill what is left of a server, unless the number belongs to somebody else by now."""
    try:
        process = Path("/proc", str(pid))
        ours = (
            str(data_dir) in str((process / "cwd").readlink())
            or str(data_dir).encode() in (process / "environ").read_bytes()
        )
        if ours:
            os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def executable() -> str:
    """The installed command."""
    return str(Path(sys.executable).with_name("mana-errors"))
