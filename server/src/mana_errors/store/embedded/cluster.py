"""One PostgreSQL cluster of our own: initialise, start or adopt, wait until ready, stop."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mana_errors.errors import DatabaseUnusable, StoreUnavailable
from mana_errors.store.embedded import conf, launch
from mana_errors.store.embedded.layout import DATABASE, ROLE, binary, layout_of, make_private
from mana_errors.store.embedded.processes import (
    is_alive,
    is_postmaster,
    processes_in,
    read_pid_file,
)

# PGDATA's format: a new major release needs pg_upgrade or dump and restore.
MAJOR = "18"
POLL_S = 0.02
# Often enough to show that a long recovery lives, rare enough not to fill a log.
REPORT_EVERY_S = 10.0
# A fast shutdown writes a checkpoint: at most shared_buffers, seconds on any disk that is not ill.
STOP_LIMIT_S = 120.0
# How often it is told to stop; asking again changes nothing for one that is stopping.
RESEND_S = 1.0
# Two files of this size are kept.
LOG_MAX_BYTES = 16 * 1024 * 1024
LOG_TAIL_BYTES = 4096

_INITDB = (
    f"--username={ROLE}",
    "--encoding=UTF8",
    # the wheel has no ICU; the built-in provider sorts by code point and knows Unicode's case
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    # the socket's directory is private, and there is no TCP
    "--auth-local=trust",
    "--auth-host=reject",
    "--no-instructions",
)


class EmbeddedPostgres:
    """The cluster below data_dir/postgres. One at a time may start it: hold the data directory's
    lock. Its process has its own session, outlives ours and is found again by the next start.
    """

    def __init__(self, data_dir: Path) -> None:
        self.layout = layout_of(data_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None

    @property
    def dsn(self) -> str:
        """Its address, known before it runs."""
        return self.layout.dsn

    @property
    def pid(self) -> int | None:
        """Number of the postmaster, None when it does not run."""
        return self._pid if self.running() else None

    def start(self) -> None:
        """Initialise if new, adopt if running, else start; does not wait until it is ready.

        Raises DatabaseUnusable when an operator has to act, StoreUnavailable when trying again
        may help.
        """
        make_private(self.layout.root)
        make_private(self.layout.socket_dir)
        if not self.layout.cluster.exists():
            self._initialise()
        self._check_version()
        if not self._adopt():
            self._spawn()

    def running(self) -> bool:
        """Whether the postmaster lives; it may not be ready yet."""
        if self._process is not None:
            return self._process.poll() is None
        return self._pid is not None and is_postmaster(self._pid, self.layout.cluster)

    def ready(self) -> bool:
        """Whether it takes connections. Works for a cluster that another process started."""
        found = read_pid_file(self.layout.cluster)
        if found is None or found.status != "ready":
            return False
        return is_postmaster(found.pid, self.layout.cluster)

    def wait_ready(
        self,
        timeout_s: float | None = None,
        report: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> bool:
        """Wait until it takes connections; False when cancelled. Without a timeout crash recovery
        gets the time it needs, and report gets PostgreSQL's last words now and then.

        Raises StoreUnavailable with the end of its log when it ends or the time is over.
        """
        cancelled = cancelled or threading.Event()
        began = reported = time.monotonic()
        while not (self.running() and self._own_status() == "ready"):
            now = time.monotonic()
            if not self.running():
                raise self._failure()
            if timeout_s is not None and now - began > timeout_s:
                raise StoreUnavailable(f"PostgreSQL is not ready after {timeout_s:.0f} s.")
            if report is not None and now - reported > REPORT_EVERY_S:
                reported = now
                report(self._log_tail(1))
            if cancelled.wait(POLL_S):
                return False
        return True

    def stop(self, *, hard: bool = False) -> None:
        """Shut down: fast (checkpoint, then leave), or hard (leave now, recover at next start)."""
        if (pid := self.pid) is None:
            return
        for sign in (signal.SIGQUIT,) if hard else (signal.SIGINT, signal.SIGQUIT):
            if self._ends_after(pid, sign):
                return
        raise StoreUnavailable(f"PostgreSQL (pid {pid}) does not stop: see {self.layout.log}")

    def _ends_after(self, pid: int, sign: signal.Signals) -> bool:
        """Whether it leaves when told by this signal."""
        deadline = time.monotonic() + STOP_LIMIT_S
        told = -RESEND_S
        while self.running():
            now = time.monotonic()
            if now > deadline:
                return False
            # A process that was started a moment ago may still ignore what a shell made its
            # background jobs ignore: SIGINT and SIGQUIT.
            if now - told >= RESEND_S:
                told = now
                os.kill(pid, sign)
            time.sleep(POLL_S)
        return True

    def cap_log(self) -> None:
        """Move a log that has grown too long aside; the postmaster goes on appending to it."""
        log = self.layout.log
        if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)

    def _initialise(self) -> None:
        """Make the cluster aside and rename it once complete, so that half of one is never seen."""
        root = self.layout.root
        for leftover in root.glob("unfinished-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # a name of its own: an initdb whose server was killed may still write into its directory
        unfinished = root / f"unfinished-{time.time_ns()}"
        create = f"CREATE DATABASE {DATABASE}\n"
        self._run(binary("initdb"), "-D", str(unfinished), *_INITDB)
        self._run(binary("postgres"), "--single", "-D", str(unfinished), "postgres", text=create)
        unfinished.rename(self.layout.cluster)

    def _run(self, program: Path, *arguments: str, text: str = "") -> None:
        done = subprocess.run(  # noqa: S603 our own programs
            self._command(program, *arguments),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.layout.root,
            start_new_session=True,
        )
        if done.returncode:
            said = done.stderr.strip()
            known = done.returncode == launch.CANNOT_LAUNCH
            raise DatabaseUnusable(said if known else f"{program.name} failed: {said}")

    def _command(self, program: Path, *arguments: str) -> list[str]:
        python = (sys.executable, "-I", "-S", launch.__file__)
        owned = (str(self.layout.root), str(self.layout.socket_dir))
        return [*python, *owned, str(program), *arguments]

    def _check_version(self) -> None:
        found = (self.layout.cluster / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise DatabaseUnusable(
                f"{self.layout.cluster} was made by PostgreSQL {found}, this release has {MAJOR}: "
                f"move it with the old release's pg_dump, or choose another --data-dir."
            )

    def _adopt(self) -> bool:
        """Take over a postmaster that outlived the server that started it."""
        self._process = None
        cluster = self.layout.cluster
        living = processes_in(cluster)
        found = read_pid_file(cluster)
        if found is not None and found.pid in living:
            self._pid = found.pid
            return True
        if living:
            # A new postmaster would fail on their shared memory; they leave by themselves once
            # they notice that theirs is gone.
            raise StoreUnavailable(f"Processes of a killed PostgreSQL are leaving: {living}")
        # The number in a lock file may have gone to a stranger, whom PostgreSQL would take for a
        # postmaster.
        if found is not None and is_alive(found.pid):
            (cluster / "postmaster.pid").unlink()
        self.layout.socket_lock.unlink(missing_ok=True)
        return False

    def _spawn(self) -> None:
        self._write_conf()
        with self.layout.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 our own program
                self._command(binary("postgres"), "-D", str(self.layout.cluster)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.layout.root,
                # Ctrl-C in a terminal must not reach it before the processes that use it
                start_new_session=True,
            )
        self._pid = self._process.pid

    def _write_conf(self) -> None:
        target = self.layout.cluster / "postgresql.conf"
        fresh = target.with_suffix(".conf.new")
        fresh.write_text(conf.render(self.layout), encoding="utf-8")
        fresh.replace(target)

    def _own_status(self) -> str:
        found = read_pid_file(self.layout.cluster)
        return found.status if found is not None and found.pid == self._pid else ""

    def _failure(self) -> DatabaseUnusable | StoreUnavailable:
        status = self._process.returncode if self._process is not None else None
        if status == launch.CANNOT_LAUNCH:
            return DatabaseUnusable(self._log_tail(1))
        return StoreUnavailable(f"PostgreSQL ended with status {status}:\n{self._log_tail(5)}")

    def _log_tail(self, lines: int) -> str:
        with self.layout.log.open("rb") as log:
            log.seek(max(0, self.layout.log.stat().st_size - LOG_TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])
