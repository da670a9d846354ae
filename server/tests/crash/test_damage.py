"""Torn and flipped bytes in the spool cost what they hit and nothing else."""

import random
from collections.abc import Callable

import pytest

from crash.load import Ledger, clients
from crash.node import MakeNode, Node
from crash.scratch import Scratch
from crash.truth import caught_up, dead_letters, stored_events
from harness import wait_until
from mana_errors.model.event import Event
from mana_errors.store.spool.format import SEGMENT_HEADER_BYTES, decode_record, records
from mana_errors.store.spool.reader import segments

REPORTS = 60

# Changes a segment, whose records end at the given places; returns the bytes hit, from and until.
Damage = Callable[[bytearray, list[int], random.Random], tuple[int, int]]


@pytest.fixture
def killed(make_node: MakeNode, own_postgres: Scratch, seed: int) -> tuple[Node, Ledger]:
    """A node that died with all its reports still in one segment of the spool."""
    node = make_node(DATABASE_URL=own_postgres.database("damaged"))
    own_postgres.kill()
    node.start()
    with clients(node.port, seed=seed, count=1) as ledger:
        wait_until(lambda: len(ledger.acknowledged) >= REPORTS, "enough")
    # Everyone at once: an orphaned worker would close its segment properly.
    node.clean_up()
    own_postgres.start()
    return node, ledger


def flip_last(segment: bytearray, ends: list[int], rng: random.Random) -> tuple[int, int]:
    """One bit in the last record's payload."""
    place = rng.randrange(ends[-2] + 12, ends[-1])
    segment[place] ^= 1 << rng.randrange(8)
    return place, place + 1


def flip_middle(segment: bytearray, ends: list[int], rng: random.Random) -> tuple[int, int]:
    """One bit somewhere in a record in the middle, its frame included."""
    place = rng.randrange(ends[10], ends[-10])
    segment[place] ^= 1 << rng.randrange(8)
    return place, place + 1


def overwrite_middle(segment: bytearray, ends: list[int], rng: random.Random) -> tuple[int, int]:
    """A disk block of garbage."""
    start = rng.randrange(ends[10], ends[-10] - 4096)
    segment[start : start + 4096] = rng.randbytes(4096)
    return start, start + 4096


def tear(segment: bytearray, ends: list[int], rng: random.Random) -> tuple[int, int]:
    """The file ends in the middle of the last record."""
    place = rng.randrange(ends[-2] + 1, ends[-1])
    end = len(segment)
    del segment[place:]
    return place, end


def append_garbage(segment: bytearray, ends: list[int], rng: random.Random) -> tuple[int, int]:
    """Behind the last record, where a write was under way."""
    segment[ends[-1] : ends[-1] + 500] = rng.randbytes(500)
    return ends[-1], ends[-1] + 500


@pytest.mark.parametrize("damage", [flip_last, flip_middle, overwrite_middle, tear, append_garbage])
def test_damaged_segment(damage: Damage, killed: tuple[Node, Ledger], seed: int) -> None:
    """What is intact is stored; what is not is kept aside, counted, and stops nothing."""
    node, ledger = killed
    (path,) = segments(node.spool)
    content = bytearray(path.read_bytes())
    spans = _spans(content)
    start, end = damage(content, [at for _, at, _ in spans], random.Random(seed))
    path.write_bytes(content)
    # a resent event is there twice
    intact = {event for begin, stop, event in spans if begin >= end or stop <= start}
    hit = {event for _, _, event in spans} - intact

    node.start()
    with clients(node.port, seed=seed + 1) as later:
        wait_until(lambda: len(later.acknowledged) > 50, "it goes on")
    wait_until(lambda: caught_up(node), "caught up")

    stored = {identifier for identifier, _ in stored_events(node.dsn)}
    expected = (set(ledger.acknowledged) - hit) | set(later.acknowledged)
    assert expected <= stored
    assert not hit & stored
    assert dead_letters(node)
    assert node.metric("mana_errors_spool_damaged_bytes_total") > 0


def _spans(segment: bytearray) -> list[tuple[int, int, str]]:
    """Start and end of every event's record, and its id."""
    spans: list[tuple[int, int, str]] = []
    start = SEGMENT_HEADER_BYTES
    for record in records(bytes(segment[SEGMENT_HEADER_BYTES:])):
        end = SEGMENT_HEADER_BYTES + record.end
        # what ingest refused is there, too
        if isinstance(event := decode_record(record.payload), Event):
            spans.append((start, end, str(event.id)))
        start = end
    return spans
