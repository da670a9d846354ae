"""A server whose processes the tests kill, one by one or all at once."""

import contextlib
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from harness import PATIENCE_S, POLL_S, Server, wait_until
from mana_errors.store.embedded.layout import layout_of
from mana_errors.store.embedded.processes import processes_in, read_pid_file

Role = Literal["supervisor", "worker", "background", "postmaster", "backend"]
INJECT: Final = Path(__file__).parent / "inject"


class Node(Server):
    """One `mana-errors serve`, with inject/sitecustomize.py in all of its processes."""

    @property
    def spool(self) -> Path:
        """Directory of its segments."""
        return self.data_dir / "spool"

    def full_environ(self) -> dict[str, str]:
        """Its settings, and what sitecustomize.py is told."""
        # The machine's disk may be fuller than the default allows, which is not what is tested.
        own = {"PYTHONPATH": str(INJECT), "MANA_ERRORS_MIN_FREE_BYTES": "0"}
        return super().full_environ() | own | self.environ

    def start(self, *arguments: str) -> "Node":
        """Start it and wait until it accepts reports, with or without a database."""
        self.spawn(*arguments)
        self.wait_live()
        return self

    def wait_live(self) -> None:
        """Until a worker of its own answers: an orphan of a killed supervisor answers, too."""
        wait_until(self._is_live, f"live server\n{self.log_tail()}")

    def exit_status(self) -> int:
        """Wait for `serve` to end."""
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def strike(self, role: Role, rng: random.Random | None = None) -> bool:
        """kill -9 of one process of this role; whether there was one."""
        pids = self.pids(role)
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill((rng or random.Random()).choice(pids), signal.SIGKILL)
        if role == "supervisor":
            self.exit_status()
        return True

    def pids(self, role: Role) -> list[int]:
        """Live processes of a role, in no order."""
        cluster = layout_of(self.data_dir).cluster
        if role == "postmaster":
            found = read_pid_file(cluster)
            return [found.pid] if found and found.pid in processes_in(cluster) else []
        if role == "backend":
            return [pid for pid in processes_in(cluster) if "[local]" in _command(pid)]
        return [pid for pid in self._own_pids() if f"mana_errors.cli.{role}" in _command(pid)]

    def clean_up(self) -> None:
        """Kill all that is left, whatever state it is in."""
        cluster = layout_of(self.data_dir).cluster
        while pids := {*self._own_pids(), *processes_in(cluster)}:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self.process is not None:
                self.process.wait()
            time.sleep(POLL_S)

    def get(self, path: str) -> str:
        """Body of a GET."""
        with urllib.request.urlopen(self.base_url + path, timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels."""
        samples = (line.rsplit(" ", 1) for line in self.get("/metrics").splitlines())
        return sum(float(s[1]) for s in samples if s[0] == name or s[0].startswith(f"{name}{{"))

    def _is_live(self) -> bool:
        assert self.process is None or self.process.poll() is None, f"ended\n{self.log_tail()}"
        assert self.process is not None
        # fields 1, 2 and 4 of proc_pid_stat(5): pid (command) state parent
        parents = {_read(str(pid), "stat").split()[3] for pid in self.pids("worker")}
        ours = {str(self.process.pid).encode()}
        return parents == ours and self.status("/health/live") == 200

    def _own_pids(self) -> list[int]:
        # The setting is in the environment of supervisor and children alike.
        mark = f"MANA_ERRORS_DATA_DIR={self.data_dir}".encode()
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and mark in _read(entry.name, "environ").split(b"\0")
        ]


# Settings as environment variables -> a node on a data directory of its own.
MakeNode = Callable[..., Node]


def _command(pid: int) -> str:
    return _read(str(pid), "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def _read(pid: str, name: str) -> bytes:
    try:
        return Path("/proc", pid, name).read_bytes()
    except OSError:  # gone meanwhile
        return b""
