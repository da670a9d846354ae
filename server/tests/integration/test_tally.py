"""Counts of refusals on their way through a real spool."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mana_errors.errors import BadRequest, NotFound, OverQuota, SpoolUnavailable
from mana_errors.ingest import tally as module
from mana_errors.ingest.tally import Tally, outcome_of
from mana_errors.model.app import AppSettings, Directory, KnownApp
from mana_errors.model.outcome import Outcome, OutcomeCount, Refusals
from mana_errors.store.spool.format import decode_record
from mana_errors.store.spool.reader import SegmentReader, segments
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KNOWN = Directory(1, {"chat": KnownApp("chat", 1, AppSettings())}, {})


def lines(directory: Path) -> list[OutcomeCount]:
    found: list[OutcomeCount] = []
    for path in segments(directory):
        with SegmentReader(path) as reader:
            position = 0
            while (batch := reader.read(position)) is not None:
                position = batch.end
                for payload in batch.payloads:
                    record = decode_record(payload)
                    assert isinstance(record, Refusals)
                    found += record.counts
    return found


class Site:
    """A tally on a spool, at a time that a test moves."""

    def __init__(self, directory: Path, limits: SpoolLimits) -> None:
        self.directory = directory
        self.now = NOON + timedelta(seconds=17)
        self.spool = SpoolWriter(directory, limits)
        self.tally = Tally(self.spool, lambda: KNOWN, lambda: self.now)

    async def close(self) -> list[OutcomeCount]:
        self.tally.flush()
        await self.spool.close()
        return lines(self.directory)


async def test_refusals_are_summed_by_app_outcome_and_minute(tmp_path: Path) -> None:
    """Strangers' app ids make no lines of their own."""
    site = Site(tmp_path, SpoolLimits(1 << 40, 0))
    for app_id in ("chat", "chat", "stranger 1", "stranger 2"):
        site.tally.refused(app_id, Outcome.INVALID)
    site.now += timedelta(minutes=1)
    site.tally.refused("chat", Outcome.QUOTA, 5)
    site.tally.refused("chat", Outcome.INVALID)
    minute = NOON + timedelta(minutes=1)
    assert await site.close() == [
        OutcomeCount("chat", Outcome.INVALID, NOON, 2),
        OutcomeCount("", Outcome.INVALID, NOON, 2),
        OutcomeCount("chat", Outcome.QUOTA, minute, 5),
        OutcomeCount("chat", Outcome.INVALID, minute, 1),
    ]


async def test_they_are_sent_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anybody asking; nothing is written while nothing is refused."""
    monkeypatch.setattr(module, "FLUSH_S", 0.01)
    site = Site(tmp_path, SpoolLimits(1 << 40, 0))
    stopping = asyncio.Event()
    running = asyncio.create_task(site.tally.run(stopping))
    await asyncio.sleep(0.05)
    assert segments(tmp_path) == []
    site.tally.refused("chat", Outcome.FILTERED)
    async with asyncio.timeout(20):
        while not lines(tmp_path):  # noqa: ASYNC110 - the spool tells nobody
            await asyncio.sleep(0.01)
    stopping.set()
    await running
    assert await site.close() == [OutcomeCount("chat", Outcome.FILTERED, NOON, 1)]


async def test_what_the_spool_refuses_waits(tmp_path: Path) -> None:
    """And is told once, when there is room again."""
    site = Site(tmp_path, SpoolLimits(0, 0))
    (tmp_path / f"{'0' * 32}.spool").write_bytes(b"full")
    site.tally.refused("chat", Outcome.UNAVAILABLE, 3)
    for _ in range(3):
        site.tally.flush()
        await asyncio.sleep(0.05)
    (tmp_path / f"{'0' * 32}.spool").unlink()
    await asyncio.sleep(0.6)
    site.tally.refused("chat", Outcome.UNAVAILABLE)
    assert await site.close() == [OutcomeCount("chat", Outcome.UNAVAILABLE, NOON, 4)]


async def test_waiting_lines_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of lines, hours are counted instead of minutes."""
    monkeypatch.setattr(module, "MAX_LINES", 3)
    monkeypatch.setattr(module, "MAX_LINES_PER_RECORD", 2)
    site = Site(tmp_path, SpoolLimits(1 << 40, 0))
    for _ in range(120):
        site.tally.refused("chat", Outcome.INVALID)
        site.now += timedelta(minutes=1)
    found = await site.close()
    assert len(found) == 4
    assert sum(line.count for line in found) == 120


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BadRequest(""), Outcome.INVALID),
        (NotFound(""), Outcome.INVALID),
        (OverQuota("", 1), Outcome.QUOTA),
        (SpoolUnavailable(""), Outcome.UNAVAILABLE),
        (ZeroDivisionError(), Outcome.UNAVAILABLE),
    ],
)
def test_every_error_is_an_outcome(error: Exception, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome
