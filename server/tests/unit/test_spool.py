"""The spool's format, group commit and reader, on real files."""

import asyncio
import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from mana_errors.errors import SpoolUnavailable
from mana_errors.model.event import Event
from mana_errors.model.outcome import Outcome, OutcomeCount, Refusals
from mana_errors.store.spool import writer as writer_module
from mana_errors.store.spool.format import (
    DURABLE,
    SEGMENT_HEADER_BYTES,
    SEGMENT_MAGIC,
    decode_record,
    encode_event,
    encode_refusals,
    frame,
)
from mana_errors.store.spool.reader import MAX_RECORDS, SegmentReader, segments
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter
from spooling import append

NO_LIMITS = SpoolLimits(max_bytes=1 << 40, min_free_bytes=0)


def read_all(directory: Path) -> list[bytes]:
    payloads: list[bytes] = []
    for path in segments(directory):
        with SegmentReader(path) as reader:
            position = 0
            while (batch := reader.read(position)) is not None:
                payloads.extend(batch.payloads)
                position = batch.end
    return payloads


@pytest.mark.parametrize("lines", [0, 1, 100])
def test_events_and_refusals_are_told_apart(lines: int) -> None:
    """Both travel through the spool as records."""
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    event = Event(UUID(int=1), now, now, "app", "CODE", "Type", "message")
    refusals = Refusals([OutcomeCount("app", Outcome.QUOTA, now, n) for n in range(lines)])
    assert decode_record(encode_event(event)) == event
    assert decode_record(encode_refusals(refusals)) == refusals


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    """Group commits keep the order in which append() was called."""

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        await asyncio.gather(*(append(spool, b"%d" % n) for n in range(500)))
        await spool.close()

    asyncio.run(scenario())
    assert read_all(tmp_path) == [b"%d" % n for n in range(500)]


def test_a_live_segment_shows_only_what_is_durable(tmp_path: Path) -> None:
    """Bytes written but not fsynced are not digested: their sender may still be told 503."""

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        await append(spool, b"durable")
        (path,) = segments(tmp_path)
        with SegmentReader(path) as reader:
            size = SEGMENT_HEADER_BYTES + len(frame(b"durable"))
            with path.open("r+b") as file:
                file.seek(size)
                file.write(frame(b"not yet"))
            batch = reader.read(0)
            assert batch is not None
            assert batch.payloads == (b"durable",)
            assert reader.read(batch.end) is None
            assert not reader.finished
        await spool.close()

    asyncio.run(scenario())


def test_a_segment_is_finished_when_its_writer_is_gone(tmp_path: Path) -> None:
    """The kernel drops the writer's lock, however it died."""

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        await append(spool, b"x")
        (path,) = segments(tmp_path)
        with SegmentReader(path) as reader:
            reader.read(0)
            assert not reader.finished
            await spool.close()
            reader.read(0)
            assert reader.finished

    asyncio.run(scenario())


def test_batches_are_bounded(tmp_path: Path) -> None:
    """No batch holds more than MAX_RECORDS events."""

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        await append(spool, *[b"x"] * (MAX_RECORDS + 1))
        await spool.close()

    asyncio.run(scenario())
    (path,) = segments(tmp_path)
    with SegmentReader(path) as reader:
        first = reader.read(0)
        assert first is not None
        assert len(first.payloads) == MAX_RECORDS
        second = reader.read(first.end)
        assert second is not None
        assert len(second.payloads) == 1


def test_rotation_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full segment is cut to its records and a new one begun."""
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 1000)

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        for n in range(10):
            await append(spool, *[b"%d" % n * 300])
        await spool.close()

    asyncio.run(scenario())
    assert len(segments(tmp_path)) > 1
    assert [payload[:1] for payload in read_all(tmp_path)] == [b"%d" % n for n in range(10)]


@pytest.mark.parametrize("function", ["fdatasync", "pwrite", "posix_fallocate"])
def test_a_failed_write_is_refused_and_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """What was answered with 503 is not digested; the next report is taken again."""

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        if function != "posix_fallocate":
            await append(spool, b"before")
        with monkeypatch.context() as broken:

            def fail(*_: object) -> int:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            broken.setattr(writer_module.os, function, fail)
            with pytest.raises(SpoolUnavailable, match="No space left"):
                await append(spool, b"refused")
        await append(spool, b"after")
        await spool.close()

    asyncio.run(scenario())
    assert read_all(tmp_path)[-1] == b"after"
    assert b"refused" not in read_all(tmp_path)


def test_ceiling_and_free_space_floor(tmp_path: Path) -> None:
    """Above its ceiling or below the floor the spool refuses, and says why."""

    async def scenario() -> None:
        full = SpoolWriter(tmp_path, SpoolLimits(max_bytes=-1, min_free_bytes=0))
        with pytest.raises(SpoolUnavailable, match="ceiling"):
            await append(full, b"x")
        await full.close()

    asyncio.run(scenario())


def test_a_torn_tail_is_skipped_once_its_writer_is_gone(tmp_path: Path) -> None:
    """Half a record at the end was never acknowledged."""
    path = tmp_path / f"{UUID(int=1).hex}.spool"
    intact = frame(b"kept")
    path.write_bytes(bytes(SEGMENT_HEADER_BYTES) + intact + frame(b"torn" * 100)[:50] + bytes(4096))
    with SegmentReader(path) as reader:
        first = reader.read(0)
        assert first is not None
        assert first.payloads == (b"kept",)
        second = reader.read(first.end)
        assert second is not None
        assert second.payloads == ()
        assert (second.damaged, second.torn) == (b"", frame(b"torn" * 100)[:50])
        assert reader.read(second.end) is None
        assert reader.finished


def test_half_a_record_that_was_durable_is_damage(tmp_path: Path) -> None:
    """Its sender was told that it is kept, so what is left of it is handed over."""
    path = tmp_path / f"{UUID(int=1).hex}.spool"
    half = frame(b"acknowledged" * 100)[:50]
    durable = DURABLE.pack(SEGMENT_HEADER_BYTES + 1000)
    path.write_bytes(SEGMENT_MAGIC + durable + half + bytes(4096))
    with SegmentReader(path) as reader:
        batch = reader.read(0)
        assert batch is not None
        assert batch.damaged.startswith(half)
        assert batch.torn == b""


def test_a_whole_record_with_a_flipped_bit_is_damage(tmp_path: Path) -> None:
    """It may have been acknowledged: the watermark is a hint that a crash leaves stale."""
    path = tmp_path / f"{UUID(int=1).hex}.spool"
    flipped = frame(b"acknowledged").replace(b"know", b"knew")
    path.write_bytes(bytes(SEGMENT_HEADER_BYTES) + flipped + bytes(4096))
    with SegmentReader(path) as reader:
        batch = reader.read(0)
        assert batch is not None
        assert (batch.damaged, batch.torn) == (flipped, b"")


def test_an_allocated_tail_of_zeros_is_no_damage(tmp_path: Path) -> None:
    """A crash leaves the space that was allocated ahead."""
    path = tmp_path / f"{UUID(int=1).hex}.spool"
    path.write_bytes(bytes(SEGMENT_HEADER_BYTES) + frame(b"kept") + bytes(1 << 20))
    with SegmentReader(path) as reader:
        first = reader.read(0)
        assert first is not None
        assert reader.read(first.end) is None
        assert reader.finished


def test_damage_between_records_costs_only_itself(tmp_path: Path) -> None:
    """A flipped bit loses one record, and its bytes are handed over for keeping."""
    path = tmp_path / f"{UUID(int=1).hex}.spool"
    damaged = bytearray(frame(b"lost"))
    damaged[-1] ^= 1
    path.write_bytes(bytes(SEGMENT_HEADER_BYTES) + bytes(damaged) + frame(b"kept"))
    with SegmentReader(path) as reader:
        first = reader.read(0)
        assert first is not None
        assert first.damaged == bytes(damaged)
        second = reader.read(first.end)
        assert second is not None
        assert second.payloads == (b"kept",)


def test_a_shortened_segment_is_noticed(tmp_path: Path) -> None:
    """Cut at a record's end nothing looks damaged; the watermark tells."""

    async def scenario() -> None:
        spool = SpoolWriter(tmp_path, NO_LIMITS)
        await append(spool, b"kept")
        await append(spool, b"lost")
        await spool.close()

    asyncio.run(scenario())
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - len(frame(b"lost")))
    with SegmentReader(path) as reader:
        assert reader.read(0) is not None
        assert reader.missing_bytes() == len(frame(b"lost"))
