"""Erasing a person everywhere on a node and its database, in the order that leaves nothing."""

import asyncio
import hashlib
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.cli.folding import POLL_S, fold_or_wait
from mana_errors.digest import dead_letters
from mana_errors.digest.summarize import user_hash
from mana_errors.retention.erase import Eraser, erase_events
from mana_errors.store import audit, erasure, facets, partitions
from mana_errors.store.db import Connection
from mana_errors.store.erasure import Json
from mana_errors.store.queries import load
from mana_errors.store.spool.format import SEGMENT_HEADER_BYTES
from mana_errors.store.spool.reader import SegmentReader, segments

# A digest or triage that works needs a fraction of a second, one behind a storm some more.
PATIENCE_S: Final = 15.0
# Of the id's SHA-256, in hex: enough to find the entry of an id that one knows.
SUBJECT_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Place:
    """The node that the command runs on."""

    data_dir: Path
    # a server runs, so what is in the spool is soon stored
    served: bool


class Report(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What was done."""

    # whose user it was
    events: int
    # which had the id in context.reportedUserId
    reported_events: int
    dead_letters: int
    # exact counts that lost the person, and those that are estimates and cannot
    sketches: int
    estimates: int
    # whose number of users was counted again
    issues: int
    # of reports in this node's spool that are not stored, and so not erased
    waiting_bytes: int
    # whether all counts that were queued are in
    folded: bool

    @property
    def complete(self) -> bool:
        """Whether nothing of the person can come back."""
        return self.folded and not self.waiting_bytes

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {**msgspec.to_builtins(self), "complete": self.complete}


async def erase_person(
    connection: Connection, place: Place, identifier: str, on_day: Callable[[int, int], None]
) -> Report:
    """Wait for what is on its way, then erase what is stored; may be repeated."""
    waiting = await _digested(connection, place)
    letters = dead_letters.remove(
        place.data_dir / "dead-letters", lambda line: holds(line, identifier)
    )
    erased = await erase_events(connection, identifier, on_day)
    folded = await fold_or_wait(connection, await partitions.clock(connection), PATIENCE_S)
    async with connection.transaction():
        counts = await erasure.erase_from_counts(connection, user_hash(identifier), erased.hashes)
        await _erase_from_facets(connection, identifier)
        report = Report(
            events=erased.events,
            reported_events=erased.reported,
            dead_letters=letters,
            sketches=counts.sketches,
            estimates=counts.estimates,
            issues=counts.issues,
            waiting_bytes=waiting,
            folded=folded,
        )
        await audit.note(
            connection, audit.COMMAND, "user.erase", _subject(identifier), report.as_json()
        )
    return report


async def _erase_from_facets(connection: Connection, identifier: str) -> None:
    # Words are kept in small letters, ids in them too.
    for eraser in (Eraser(identifier), Eraser(identifier.lower())):
        await facets.erase(connection, eraser.forms, eraser.text)


def _subject(identifier: str) -> str:
    """Not the id: the log would be the one place that still has it."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:SUBJECT_CHARACTERS]


async def _digested(connection: Connection, place: Place) -> int:
    """Wait until what is in the spool now is stored; bytes that are not after PATIENCE_S."""
    ends = _ends(place.data_dir / "spool")
    deadline = time.monotonic() + (PATIENCE_S if place.served else 0)
    while (left := await _left(connection, ends)) and time.monotonic() < deadline:  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(POLL_S)
    return left


def _ends(directory: Path) -> dict[Path, int]:
    ends: dict[Path, int] = {}
    for path in segments(directory):
        try:
            with SegmentReader(path) as reader:
                ends[path] = SEGMENT_HEADER_BYTES + reader.waiting_bytes(0)
        except FileNotFoundError:
            # digested meanwhile
            continue
    return ends


async def _left(connection: Connection, ends: dict[Path, int]) -> int:
    position = load("spool_cursors")["position"]
    total = 0
    for path, end in ends.items():
        if path.exists():
            known = await connection.fetchval(position, UUID(path.stem))
            total += max(end - max(known or 0, SEGMENT_HEADER_BYTES), 0)
    return total


def holds(line: bytes, identifier: str) -> bool:
    """Whether a dead letter names the person. What cannot be read is searched byte by byte."""
    plain = identifier.encode()
    try:
        letter: dict[str, Json] = msgspec.json.decode(line)
        content = letter["content"]
        if isinstance(content, str):
            # bytes of the spool: base64 here
            content = _unpacked(b64decode(content, validate=True), plain)
        clean = Eraser(identifier).clean
        value: list[Json] = [content, letter.get("reason")]
        return clean(value) != value
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
        return plain in line


def _unpacked(payload: bytes, plain: bytes) -> Json:
    try:
        return msgspec.msgpack.decode(payload)
    except msgspec.MsgspecError:
        # damaged: a piece of it may be the id, next to any byte
        return plain.decode() if plain in payload else None
