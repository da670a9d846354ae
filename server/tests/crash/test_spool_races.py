"""Instants that no kill hits reliably: what the digest sees while a segment is being made."""

import asyncio
import fcntl
import functools
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from mana_errors.digest.run import Digest, DigestPlace, DigestRules
from mana_errors.model.app import EMPTY_DIRECTORY
from mana_errors.model.event import Event
from mana_errors.model.ids import uuid7
from mana_errors.store import cursors, db
from mana_errors.store.spool import reader as reader_module
from mana_errors.store.spool import writer as writer_module
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.reader import SegmentReader, segments
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter
from spooling import append

NO_LIMITS = SpoolLimits(max_bytes=1 << 40, min_free_bytes=0)


def read_and_delete_finished(directory: Path) -> list[bytes]:
    """What the digest does with a spool."""
    payloads: list[bytes] = []
    for path in segments(directory):
        with SegmentReader(path) as reader:
            position = 0
            while (batch := reader.read(position)) is not None:
                payloads += batch.payloads
                position = batch.end
            if reader.finished:
                path.unlink()
    return payloads


def test_digest_looks_between_create_and_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unlocked file would be taken for a finished segment and deleted under its writer."""

    def looked_at_first(descriptor: int, operation: int) -> None:
        assert read_and_delete_finished(tmp_path) == []
        fcntl.flock(descriptor, operation)

    shim = SimpleNamespace(**{**vars(fcntl), "flock": looked_at_first})
    monkeypatch.setattr(writer_module, "fcntl", shim)

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        await append(spool, b"acknowledged")
        assert read_and_delete_finished(tmp_path) == [b"acknowledged"]
        await spool.close()

    asyncio.run(scenario())
    assert read_and_delete_finished(tmp_path) == [b"acknowledged"]


def test_unfinished_segments_of_the_dead_are_removed(tmp_path: Path) -> None:
    """A writer killed while it made a segment leaves nothing for ever."""
    left = tmp_path / f"{'0' * 32}{writer_module.UNBORN_SUFFIX}"
    left.write_bytes(bytes(100))
    SpoolWriter(tmp_path, NO_LIMITS)
    assert not left.exists()


def test_unfinished_segments_of_the_living_stay(tmp_path: Path) -> None:
    """Another worker starts while this one makes a segment."""
    made = tmp_path / f"{'0' * 32}{writer_module.UNBORN_SUFFIX}"
    with made.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        SpoolWriter(tmp_path, NO_LIMITS)
        assert made.exists()


async def test_a_segment_is_gone_for_good_before_its_cursor(
    tmp_path: Path, migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut brings an unsynced deletion back; without a cursor it would be stored again."""
    order: list[str] = []
    sync, forget = reader_module.sync_directory, cursors.forget

    def noted_sync(directory: Path) -> None:
        sync(directory)
        order.append(f"synced with {len(segments(directory))} left")

    async def noted_forget(connection: db.Connection, segment: UUID) -> None:
        order.append("forgotten")
        await forget(connection, segment)

    monkeypatch.setattr(reader_module, "sync_directory", noted_sync)
    monkeypatch.setattr(cursors, "forget", noted_forget)
    spool = SpoolWriter(tmp_path / "spool", NO_LIMITS)
    now = datetime.now(UTC)
    await append(spool, encode_event(Event(uuid7(), now, now, "app", "CODE", "Type", "message")))
    await spool.close()
    place = DigestPlace(uuid7(), tmp_path / "spool", tmp_path / "dead-letters")
    rules = DigestRules(lambda: EMPTY_DIRECTORY, sample_after=0, users_table="")
    digest = Digest(place, rules, functools.partial(db.connect, migrated_dsn), lambda: None)
    await digest.digest_all()
    digest._disconnect(None)
    assert order == ["synced with 0 left", "forgotten"]
