"""Group commit: whatever arrived while the last fsync ran shares the next one."""

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mana_errors import meters
from mana_errors.errors import SpoolUnavailable
from mana_errors.logs import Limited
from mana_errors.model.ids import uuid7
from mana_errors.store.spool.format import (
    DURABLE,
    DURABLE_AT,
    MAX_PAYLOAD_BYTES,
    SEGMENT_HEADER_BYTES,
    SEGMENT_MAGIC,
    SUFFIX,
    frame,
)

# Allocated at once, so that a full disk shows here, where it costs a 503, and not in mid-record.
# Large enough that rotation is rare (about 3 s at 6,000 reports of 2 KB), small enough for a
# restart to read within a second.
SEGMENT_BYTES: Final = 32 * 1024 * 1024
# A segment can go only as a whole: even a trickle of reports leaves the disk within the hour.
SEGMENT_MAX_AGE_S: Final = 3600.0
# A hop to the thread and back cost 30 µs of CPU a report at 4,000/s. Within this time the event
# loop can wait: it is a tenth of what an answer may take.
FAST_COMMIT_S: Final = 0.005
# How stale the view of free space and spool size may be. At 100 MB/s that is 50 MB, far below
# the default free-space floor.
SPACE_CHECK_INTERVAL_S: Final = 0.5
# A segment that is being made: not a reader's business yet.
UNBORN_SUFFIX: Final = ".unborn"
# A small file system is full long before 256 MiB are left.
MIN_FREE_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """When the spool refuses, in bytes."""

    max_bytes: int
    min_free_bytes: int


_log: Final = Limited(logging.getLogger(__name__))

Done = Callable[[SpoolUnavailable | None], None]


@dataclass(slots=True)
class _Waiting:
    data: bytes
    done: Done


@dataclass(slots=True)
class _Segment:
    path: Path
    descriptor: int
    # bytes that are durable
    size: int
    opened: float = field(default_factory=time.monotonic)


class SpoolWriter:
    """Appends records to segments of one directory; one instance a process.

    append() returns when its records are on disk. A failed write or fsync is answered with
    SpoolUnavailable; nothing of it stays in the segment, which is cut back and given up.
    """

    def __init__(self, directory: Path, limits: SpoolLimits) -> None:
        self._directory = directory
        self._limits = limits
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._segment: _Segment | None = None
        # How long the last commit took. A slow disk gets a thread, so that the event loop goes on
        # reading requests; for a fast one the hop would cost more than the wait.
        self._commit_s = 0.0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._space_checked = -SPACE_CHECK_INTERVAL_S
        self._refusal: str | None = None
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_unborn(directory)

    def append(self, payloads: Sequence[bytes], done: Done) -> None:
        """Make the payloads durable, all or none, and then call `done`: with None when they are,
        with SpoolUnavailable when they are not and never will be.

        Must be called on the event loop. A call costs a quarter of a future and its callbacks.
        """
        self._waiting.append(_Waiting(b"".join(map(frame, payloads)), done))
        if self._committing is None:
            self._committing = asyncio.get_running_loop().create_task(self._commit_all())

    def refusal(self) -> str | None:
        """Why append() would refuse now, or None."""
        if time.monotonic() - self._space_checked >= SPACE_CHECK_INTERVAL_S:
            self._space_checked = time.monotonic()
            self._refusal = _space_refusal(self._directory, self._limits)
        return self._refusal

    async def close(self) -> None:
        """Commit what waits and leave the segment to the readers."""
        if self._committing is not None:
            await self._committing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._leave_segment)
        self._thread.shutdown()

    async def _commit_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                data = b"".join([waiting.data for waiting in group])
                try:
                    if self._commit_s < FAST_COMMIT_S:
                        self._write_timed(data)
                    else:
                        await loop.run_in_executor(self._thread, self._write_timed, data)
                except Exception as error:  # noqa: BLE001 - whatever it was, its senders must hear
                    _refuse(group, error)
                else:
                    _release(group)
        finally:
            self._committing = None

    def _write_timed(self, data: bytes) -> None:
        started = time.perf_counter()
        try:
            self._write(data)
        finally:
            self._commit_s = time.perf_counter() - started
            meters.spool_commit_seconds.observe(self._commit_s)

    def _write(self, data: bytes) -> None:
        if (reason := self.refusal()) is not None:
            raise SpoolUnavailable(reason)
        segment = self._segment_for(len(data))
        try:
            _write_at(segment.descriptor, data, segment.size)
            os.fdatasync(segment.descriptor)
            os.pwrite(segment.descriptor, DURABLE.pack(segment.size + len(data)), DURABLE_AT)
        except OSError:
            # After a failed fsync the kernel may have dropped the pages: cut them off, so that
            # nothing is digested which its sender was told is lost, and begin a new segment.
            self._leave_segment()
            raise
        segment.size += len(data)

    def _segment_for(self, size: int) -> _Segment:
        current = self._segment
        if current is not None:
            full = current.size + size > SEGMENT_BYTES
            old = time.monotonic() - current.opened > SEGMENT_MAX_AGE_S
            if not (full or old):
                return current
            self._leave_segment()
        self._segment = _open_segment(self._directory, size)
        return self._segment

    def _leave_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(segment.descriptor, segment.size)
        os.close(segment.descriptor)


def _open_segment(directory: Path, size: int) -> _Segment:
    path = directory / f"{uuid7().hex}{SUFFIX}"
    unborn = path.with_suffix(UNBORN_SUFFIX)
    descriptor = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # Named as a segment only once it is locked: a reader takes an unlocked one for finished
        # and deletes it.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _allocate(descriptor, max(SEGMENT_BYTES, size + SEGMENT_HEADER_BYTES))
        os.pwrite(descriptor, SEGMENT_MAGIC + DURABLE.pack(SEGMENT_HEADER_BYTES), 0)
        os.fsync(descriptor)
        unborn.rename(path)
        sync_directory(directory)
    except OSError:
        os.close(descriptor)
        unborn.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return _Segment(path, descriptor, SEGMENT_HEADER_BYTES)


def _remove_unborn(directory: Path) -> None:
    """Remove what writers left that were killed while they made a segment."""
    for path in directory.glob(f"*{UNBORN_SUFFIX}"):
        # Locked: another worker makes it now. Gone: it has its name, or another worker was faster.
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _allocate(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:  # macOS
        os.ftruncate(descriptor, size)


def sync_directory(directory: Path) -> None:
    """Make names in it durable: made, renamed or removed."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_at(descriptor: int, data: bytes, position: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, position)
        view = view[written:]
        position += written


def _space_refusal(directory: Path, limits: SpoolLimits) -> str | None:
    disk = os.statvfs(directory)
    free = disk.f_bavail * disk.f_frsize
    floor = min(limits.min_free_bytes, int(disk.f_blocks * disk.f_frsize * MIN_FREE_SHARE))
    if free < floor:
        return f"disk almost full: {free} bytes free, {floor} are kept free"
    if (used := spool_bytes(directory)) > limits.max_bytes:
        return f"spool at its ceiling: {used} of {limits.max_bytes} bytes wait for PostgreSQL"
    return None


def spool_bytes(directory: Path) -> int:
    """Bytes of all segments, allocated space included."""
    total = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            # A digested segment may vanish between listing and looking.
            with contextlib.suppress(FileNotFoundError):
                total += entry.stat().st_size if entry.name.endswith(SUFFIX) else 0
    return total


def _release(group: list[_Waiting]) -> None:
    for waiting in group:
        _tell(waiting, None)


def _refuse(group: list[_Waiting], error: Exception) -> None:
    refusal = SpoolUnavailable(f"the spool cannot be written: {error}")
    for waiting in group:
        _tell(waiting, refusal)


def _tell(waiting: _Waiting, refusal: SpoolUnavailable | None) -> None:
    try:
        waiting.done(refusal)
    except Exception as error:  # noqa: BLE001 - one sender's trouble must not silence the others
        meters.unexpected.labels("spool").inc()
        _log.warning("answer failed", exception_type=type(error).__name__)


assert MAX_PAYLOAD_BYTES < SEGMENT_BYTES  # noqa: S101 - a relation between two constants
