"""The data directory belongs to one server at a time.

Two locks (flock) say who has it, and the kernel lets go of them however their holders die:
`lock` is held by the server alone and names its pid and address; `lock.children` is held by its
children too, which inherit it. So after a `kill -9` of the server a restart sees that nobody owns
the directory but that old workers still finish what they had, and waits for them.
"""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mana_errors.errors import DataDirInUse, OperatorError

# Orphaned children drain and leave; what they acknowledged is durable either way. One just
# started notices only when it is there: 10 s were too few on a machine with ten jobs a core.
CHILDREN_LEAVE_S: Final = 30.0
POLL_S: Final = 0.05
# A pid and a URL.
_MAX_LOCK_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Held:
    """A data directory that is ours."""

    # to be inherited by every child
    children_lock: int
    _server_lock: int

    def announce(self, address: str) -> None:
        """Tell commands beside the server where it is reached."""
        os.pwrite(self._server_lock, f"{os.getpid()}\n{address}\n".encode(), 0)


@contextmanager
def own(data_dir: Path) -> Generator[Held]:
    """Hold the directory, made if missing. Raises DataDirInUse, or OperatorError if unwritable."""
    with _opened(data_dir, "lock") as server, _opened(data_dir, "lock.children") as children:
        if not _lock(server):
            pid = _lines(server)[0]
            raise DataDirInUse(
                f"{data_dir} is in use by process {pid or '?'}: stop it, "
                "or choose another --data-dir."
            )
        os.ftruncate(server, 0)
        os.pwrite(server, f"{os.getpid()}\n".encode(), 0)
        _wait_for_children(children, data_dir)
        yield Held(children, server)


def owned(data_dir: Path) -> bool:
    """Whether a server runs on this directory."""
    if not (data_dir / "lock").exists():
        return False
    with _opened(data_dir, "lock") as server:
        return not _lock(server)


def address_of(data_dir: Path) -> str | None:
    """Where the server that runs on this directory is reached; None where none does, or not yet."""
    if not owned(data_dir):
        return None
    with _opened(data_dir, "lock") as server:
        _, address = _lines(server)
    return address or None


def _lines(server: int) -> tuple[str, str]:
    """The lock's pid and address, as far as they are written."""
    text = os.pread(server, _MAX_LOCK_BYTES, 0).decode(errors="replace")
    pid, _, rest = text.partition("\n")
    return pid.strip(), rest.partition("\n")[0]


@contextmanager
def _opened(data_dir: Path, name: str) -> Generator[int]:
    try:
        # owner-only: reports and the socket of a database without a password are inside
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            f"Cannot write to {data_dir}: {error.strerror}. Choose another --data-dir."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for_children(descriptor: int, data_dir: Path) -> None:
    deadline = time.monotonic() + CHILDREN_LEAVE_S
    while not _lock(descriptor):
        if time.monotonic() > deadline:
            raise DataDirInUse(
                f"Processes of a killed server still use {data_dir}: wait, or end them."
            )
        time.sleep(POLL_S)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
