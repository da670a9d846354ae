"""Events that PostgreSQL refused: kept on disk with the reason, for a person to look at."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mana_errors.model.event import Event


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
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with open(descriptor, "ab") as file:  # noqa: PTH123 - of a descriptor
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
