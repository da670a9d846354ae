"""The data directory belongs to one server at a time.

Two locks (flock) say who has it, and the kernel lets go of them however their holders die:
`lock` is held by the server alone and names its pid; `lock.children` is held by its children too,
which inherit it. So after a `kill -9` of the server a restart sees that nobody owns the directory
but that old workers still finish what they had, and waits for them.
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

# Orphaned children drain and leave; what they acknowledged is durable either way.
CHILDREN_LEAVE_S: Final = 10.0
POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """A data directory that is ours."""

    # to be inherited by every child
    children_lock: int


@contextmanager
def own(data_dir: Path) -> Generator[Held]:
    """Hold the directory, made if missing. Raises DataDirInUse, or OperatorError if unwritable."""
    with _opened(data_dir, "lock") as server, _opened(data_dir, "lock.children") as children:
        if not _lock(server):
            pid = os.pread(server, 20, 0).decode(errors="replace").strip()
            raise DataDirInUse(
                f"{data_dir} is in use by process {pid or '?'}: stop it, "
                "or choose another --data-dir."
            )
        os.ftruncate(server, 0)
        os.pwrite(server, f"{os.getpid()}\n".encode(), 0)
        _wait_for_children(children, data_dir)
        yield Held(children)


def owned(data_dir: Path) -> bool:
    """Whether a server runs on this directory."""
    if not (data_dir / "lock").exists():
        return False
    with _opened(data_dir, "lock") as server:
        return not _lock(server)


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
