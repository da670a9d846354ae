"""Events that PostgreSQL refused: kept on disk with the reason, for a person to look at."""

import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mana_errors.model.event import Event
from mana_errors.store.spool.writer import sync_directory


class DeadLetter(msgspec.Struct, frozen=True):
    """One event, or the bytes that should have been one, and why it is here."""

    reason: str
    content: object
    # None: the bytes cannot be read
    event: Event | None = None


def write(directory: Path, letters: list[DeadLetter]) -> None:
    """Append to today's file and fsync: what is written here leaves the spool afterwards."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    lines = [
        msgspec.json.encode({"at": now, "reason": letter.reason, "content": letter.content})
        for letter in letters
    ]
    path = directory / f"{now:%Y-%m-%d}.jsonl"
    with _alone(directory):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(descriptor, "ab") as file:  # noqa: PTH123 - of a descriptor
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())


def remove(directory: Path, unwanted: Callable[[bytes], bool]) -> int:
    """Remove lines; how many. A file is replaced as a whole, durably."""
    if not directory.is_dir():
        return 0
    with _alone(directory):
        return sum(_remove(path, unwanted) for path in sorted(directory.glob("*.jsonl")))


def _remove(path: Path, unwanted: Callable[[bytes], bool]) -> int:
    removed = 0
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as kept, path.open("rb") as lines:  # noqa: PTH123 - of a descriptor
        for line in lines:
            if unwanted(line):
                removed += 1
            else:
                kept.write(line)
        kept.flush()
        os.fsync(kept.fileno())
    if removed:
        fresh.replace(path)
        sync_directory(path.parent)
    else:
        fresh.unlink()
    return removed


@contextmanager
def _alone(directory: Path) -> Generator[None]:
    """Nobody writes while somebody removes, or what is written would go with the old file."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
