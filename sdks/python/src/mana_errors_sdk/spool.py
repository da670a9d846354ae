"""A backlog on disk: what is in it survives the program, however it ends.

- Each process appends to a file of its own, one report a line, and holds a lock on it. The kernel
  drops the lock with the process, so whoever gets it knows that the owner is gone, takes the file
  over and sends what is in it.
- A file is emptied when all of it was sent. A program that dies before that has some reports sent
  twice: the server knows them by their ids.
- A report is safe from the end of the program when it was written, and from the end of the machine
  when it was synced, which is a choice (`spool_fsync`): it costs a millisecond or more.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Final, List, Optional

from mana_errors_sdk.backlog import MAX_BATCH, MAX_BATCH_BYTES, Memory, within_limits
from mana_errors_sdk.diagnostics import debug

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

SUFFIX: Final = ".spool"
# Between looks for files of processes that are gone.
ADOPT_S: Final = 30.0


def is_supported() -> bool:
    """Whether this system has the locks that a spool needs."""
    return fcntl is not None


class Spool:
    """See backlog.Backlog. What finds no place on the disk is held in memory, one batch of it."""

    def __init__(self, folder: str, max_bytes: int, *, fsync: bool) -> None:
        self._folder = Path(folder)
        self._max_bytes = max_bytes
        self._fsync = fsync
        self._own: Optional[_File] = None
        self._adopted: List[_File] = []
        self._adopt_at = 0.0
        self._memory = Memory()

    def has_room(self) -> bool:
        """Always: what is neither on disk nor in memory is lost, and counted."""
        return True

    def add(self, report: bytes) -> bool:
        """To the end of this process's file."""
        try:
            self._append(report)
        except OSError:
            debug("the spool cannot be written")
            return self._memory.has_room() and self._memory.add(report)
        return True

    def _append(self, report: bytes) -> None:
        if self._own is None:
            self._own = _create(self._folder)
        if self._size() + len(report) > self._max_bytes:
            raise OSError("the spool is as large as it may be")
        self._own.append(report + b"\n")

    def sync(self) -> None:
        """See Backlog."""
        if self._fsync and self._own is not None:
            try:
                self._own.sync()
            except OSError:
                debug("the spool could not be synced")

    def _size(self) -> int:
        own = [] if self._own is None else [self._own]
        return sum(file.size for file in [*own, *self._adopted])

    def is_empty(self) -> bool:
        """Whether nothing waits; looks for files of others that are gone now and then."""
        self._adopt()
        return self._first() is None and self._memory.is_empty()

    def batch(self) -> List[bytes]:
        """Of one file: the oldest."""
        while (file := self._first()) is not None:
            if reports := file.read():
                return within_limits(reports)
            self._retire(file)
        return self._memory.batch()

    def remove(self, kept: List[bytes], count: int) -> int:
        """From the file that batch() was of; what is kept comes again, behind all others."""
        file = self._first()
        if file is None:
            return self._memory.remove(kept, count)
        lost = sum([not self.add(report) for report in kept])
        file.skip(count)
        if file.is_done():
            self._retire(file)
        return lost

    def _retire(self, file: _File) -> None:
        if file is self._own:
            file.clear()
        else:
            self._adopted.remove(file)
            file.delete()

    def _first(self) -> Optional[_File]:
        own = [] if self._own is None else [self._own]
        return next((file for file in [*self._adopted, *own] if not file.is_done()), None)

    def _adopt(self) -> None:
        now = time.monotonic()
        if now < self._adopt_at:
            return
        self._adopt_at = now + ADOPT_S
        known = {file.path for file in self._adopted}
        if self._own is not None:
            known.add(self._own.path)
        found = [_take_over(path) for path in _files(self._folder) if path not in known]
        self._adopted += [file for file in found if file is not None]

    def close(self) -> None:
        """Leave no empty file behind."""
        if self._own is not None and self._own.is_done():
            self._own.delete()
            self._own = None

    def forget(self) -> None:
        """In a forked child: the files are the parent's, and so are the locks."""
        own = [] if self._own is None else [self._own]
        for file in [*own, *self._adopted]:
            file.let_go()


class _File:
    """A locked file of reports, of which the first `_position` bytes are sent."""

    def __init__(self, path: Path, descriptor: int, *, is_own: bool) -> None:
        self.path = path
        self._descriptor = descriptor
        # What others left behind may be damaged.
        self._is_whole = _looks_whole if is_own else _is_whole
        self.size = os.fstat(descriptor).st_size
        self._position = 0
        self._is_synced = True
        # where the reports of the last read() end
        self._ends: List[int] = []

    def append(self, line: bytes) -> None:
        """Whole or not at all. Raises OSError."""
        written = os.pwrite(self._descriptor, line, self.size)
        if written != len(line):
            os.ftruncate(self._descriptor, self.size)
            raise OSError("no space for a whole report")
        self.size += written
        self._is_synced = False

    def sync(self) -> None:
        """Make what was appended safe from the end of the machine, too. Raises OSError."""
        if self._is_synced:
            return
        # Also if it fails: the kernel tells of what it could not write only once.
        self._is_synced = True
        os.fsync(self._descriptor)

    def read(self) -> List[bytes]:
        """The next reports, at most as many as a request may hold. Damaged lines are passed over,
        and so is a last line that was torn when its writer died."""
        while not self.is_done():
            data = os.pread(self._descriptor, MAX_BATCH_BYTES, self._position)
            reports: List[bytes] = []
            self._ends = []
            end = self._position
            for line in data.split(b"\n")[:-1][:MAX_BATCH]:
                end += len(line) + 1
                if self._is_whole(line):
                    reports.append(line)
                    self._ends.append(end)
            if reports:
                return reports
            self._position = end if end > self._position else self.size
        return []

    def skip(self, count: int) -> None:
        """The first `count` reports of the last read() are done with."""
        if count:
            self._position = self._ends[count - 1]

    def clear(self) -> None:
        """Nothing of it is needed any more."""
        os.ftruncate(self._descriptor, 0)
        self.size = self._position = 0

    def is_done(self) -> bool:
        """Whether all of it was sent."""
        return self._position >= self.size

    def delete(self) -> None:
        """Remove it. Unlinked before it is unlocked: nobody may find it in between."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def let_go(self) -> None:
        """Close it without a trace: the lock stays with the process that took it."""
        os.close(self._descriptor)


def _create(folder: Path) -> _File:
    """A new file of this process. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{time.time_ns():020d}-{os.getpid()}{SUFFIX}"
    # Locked before others can find it.
    hidden = path.with_suffix(".new")
    descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    _lock(descriptor)
    hidden.rename(path)
    return _File(path, descriptor, is_own=True)


def _files(folder: Path) -> List[Path]:
    try:
        return sorted(folder.glob(f"*{SUFFIX}"))
    except OSError:
        return []


def _take_over(path: Path) -> Optional[_File]:
    """A file whose process is gone; None when it is not, or somebody else was faster."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    file = _File(path, descriptor, is_own=False)
    if not _is_free(descriptor):
        file.let_go()
        return None
    if file.is_done():
        file.delete()
        return None
    return file


def _is_free(descriptor: int) -> bool:
    try:
        _lock(descriptor)
    except OSError:
        return False
    # else sent and removed by another process after it was opened here
    return os.fstat(descriptor).st_nlink > 0


def _lock(descriptor: int) -> None:
    """Raises OSError when another process has it."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _looks_whole(line: bytes) -> bool:
    return line.startswith(b"{") and line.endswith(b"}")


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
