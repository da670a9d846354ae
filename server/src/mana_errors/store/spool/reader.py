"""Reads segments from where the digest stopped."""

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from mana_errors.store.spool.format import (
    DURABLE,
    DURABLE_AT,
    MAGIC,
    RECORD_OVERHEAD_BYTES,
    SEGMENT_HEADER_BYTES,
    SUFFIX,
    find_record,
    record_length,
    records,
)
from mana_errors.store.spool.writer import sync_directory

# Bytes looked at for one batch: about MAX_RECORDS events of 2 KB.
CHUNK_BYTES: Final = 2 * 1024 * 1024
# Events in one transaction: beyond some hundred rows COPY gains nothing more, and a batch of
# 2 KB events stays a few megabytes of memory.
MAX_RECORDS: Final = 1000


_SEGMENT_NAME: Final = re.compile(rf"[0-9a-f]{{32}}{re.escape(SUFFIX)}")


@dataclass(frozen=True, slots=True)
class SpoolBatch:
    """Part of a segment, to be stored in one transaction."""

    segment: UUID
    start: int
    end: int
    payloads: tuple[bytes, ...]
    # bytes that hold no intact record: they are skipped and kept aside
    damaged: bytes = b""
    # bytes of a record whose writer was killed before it was whole: never acknowledged
    torn: bytes = b""


class SegmentReader:
    """One segment file. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.segment = UUID(path.name.removesuffix(SUFFIX))
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def read(self, position: int) -> SpoolBatch | None:
        """The batch at position; None when there is nothing (yet, unless `finished`)."""
        # Asked before reading: what a finished writer left behind is then all in the file.
        self.finished = self.finished or self._writer_is_gone()
        start = max(position, SEGMENT_HEADER_BYTES)
        payloads: list[bytes] = []
        end = 0
        for record in records(self._chunk(start)):
            payloads.append(record.payload)
            end = record.end
            if len(payloads) == MAX_RECORDS:
                break
        if payloads:
            return SpoolBatch(self.segment, position, start + end, tuple(payloads))
        return self._skip_damage(position, start)

    def delete(self) -> None:
        """Remove the file, durably: with the cursor gone, it would be digested again."""
        self.path.unlink()
        sync_directory(self.path.parent)

    def waiting_bytes(self, position: int) -> int:
        """Bytes behind position that are known to be durable."""
        return max(self._durable() - max(position, SEGMENT_HEADER_BYTES), 0)

    def missing_bytes(self) -> int:
        """Bytes that were durable and are not in the file any more."""
        return max(self._durable() - self._size(), 0)

    def _chunk(self, start: int) -> bytes:
        end = self._end()
        head = os.pread(self._descriptor, RECORD_OVERHEAD_BYTES, start) if start < end else b""
        if (length := record_length(head)) is None:
            return b""
        return os.pread(self._descriptor, min(max(CHUNK_BYTES, length), end - start), start)

    def _end(self) -> int:
        return self._size() if self.finished else self._durable()

    def _durable(self) -> int:
        head = os.pread(self._descriptor, DURABLE.size, DURABLE_AT)
        return DURABLE.unpack(head)[0] if len(head) == DURABLE.size else 0

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _skip_damage(self, position: int, start: int) -> SpoolBatch | None:
        rest = os.pread(self._descriptor, max(self._end() - start, 0), start)
        found = find_record(rest, 0)
        if found >= 0:
            return SpoolBatch(self.segment, position, start + found, (), rest[:found])
        # Zeros are space that was never used, unless they were durable records once.
        used = max(len(rest.rstrip(b"\0")), min(self._durable() - start, len(rest)))
        if used <= 0:
            return None
        end, rest = start + len(rest), rest[:used]
        if start >= self._durable() and _is_incomplete(rest):
            return SpoolBatch(self.segment, position, end, (), torn=rest)
        return SpoolBatch(self.segment, position, end, (), rest)

    def _writer_is_gone(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return True


def _is_incomplete(used: bytes) -> bool:
    """Whether these bytes are the beginning of one record."""
    if len(used) < RECORD_OVERHEAD_BYTES:
        return MAGIC.startswith(used[: len(MAGIC)])
    length = record_length(used[:RECORD_OVERHEAD_BYTES])
    return length is not None and length > len(used)


def segments(directory: Path) -> list[Path]:
    """Segment files, oldest first. Other people's files are left alone."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if _SEGMENT_NAME.fullmatch(path.name))
