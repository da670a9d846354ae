"""Whatever happens to one stretch of a segment, every record outside it is read, in order."""

import fcntl
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mana_errors.store.spool.format import (
    DURABLE,
    MAGIC,
    SEGMENT_HEADER_BYTES,
    SEGMENT_MAGIC,
    SUFFIX,
    frame,
)
from mana_errors.store.spool.reader import SegmentReader, SpoolBatch

# Payloads that look like records, like empty space, and like anything.
PAYLOADS = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=30).map(lambda tail: MAGIC + tail),
        st.integers(0, 100).map(bytes),
        # Its last byte is missing, and neither a record behind it nor empty space begins with one
        # like it: they would make it whole.
        st.binary(max_size=50).map(lambda inner: frame(inner + b"\x77")[:-1]),
    ),
    max_size=12,
)


@dataclass(frozen=True)
class Corruption:
    """What replaces the bytes from a place on; None = the file ends there."""

    # share of the file
    at: float
    content: bytes | None


CORRUPTIONS = st.builds(
    Corruption,
    st.floats(0, 1, exclude_max=True),
    st.one_of(
        st.none(),
        st.binary(min_size=1, max_size=300),
        st.integers(1, 300).map(bytes),
        st.just(b"\xff" * 12),
        st.just(MAGIC),
    ),
)


@settings(
    deadline=None,
    max_examples=settings().max_examples * 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(PAYLOADS, st.integers(0, 400), CORRUPTIONS)
def test_single_corruption(
    tmp_path: Path, payloads: list[bytes], unused: int, corruption: Corruption
) -> None:
    """Intact records come back, in order; what is damaged comes back as such, byte for byte."""
    original = b"".join(map(frame, payloads))
    head = SEGMENT_MAGIC + DURABLE.pack(SEGMENT_HEADER_BYTES + len(original))
    written = head + original + bytes(unused)
    corrupt = _corrupt(written, corruption)
    batches = _read_all(tmp_path, corrupt)

    assert [payload for batch in batches for payload in batch.payloads] == _intact(
        payloads, corrupt
    )
    assert _without_zeros(batches) == corrupt[SEGMENT_HEADER_BYTES:].replace(b"\0", b"")
    lost = len(payloads) - len(_intact(payloads, corrupt))
    if lost and len(corrupt) == len(written) and corrupt.startswith(head):
        assert any(batch.damaged for batch in batches)


def _corrupt(content: bytes, corruption: Corruption) -> bytes:
    place = int(len(content) * corruption.at)
    if corruption.content is None:
        return content[:place]
    tail = content[place + len(corruption.content) :]
    return (content[:place] + corruption.content + tail)[: len(content)]


def _intact(payloads: list[bytes], corrupt: bytes) -> list[bytes]:
    found: list[bytes] = []
    position = SEGMENT_HEADER_BYTES
    for payload in payloads:
        record = frame(payload)
        if corrupt[position : position + len(record)] == record:
            found.append(payload)
        position += len(record)
    return found


def _read_all(directory: Path, content: bytes) -> list[SpoolBatch]:
    path = directory / f"{uuid4().hex}{SUFFIX}"
    path.write_bytes(content)
    batches: list[SpoolBatch] = []
    with SegmentReader(path) as reader:
        position = 0
        while (batch := reader.read(position)) is not None:
            assert batch.end > position
            batches.append(batch)
            position = batch.end
        assert reader.finished
    path.unlink()
    return batches


def _without_zeros(batches: list[SpoolBatch]) -> bytes:
    parts = [b"".join(map(frame, batch.payloads)) + batch.damaged + batch.torn for batch in batches]
    return b"".join(parts).replace(b"\0", b"")


def test_damage_does_not_hold_up_a_live_segment(tmp_path: Path) -> None:
    """What is durable behind a damaged record is read while the writer still writes."""
    path = tmp_path / f"{uuid4().hex}{SUFFIX}"
    content = b"".join(map(frame, (b"first", b"second", b"third")))
    durable = SEGMENT_HEADER_BYTES + len(content)
    damaged = content.replace(b"second", b"SECOND")
    path.write_bytes(SEGMENT_MAGIC + DURABLE.pack(durable) + damaged + bytes(100))
    with path.open("rb") as writer, SegmentReader(path) as reader:
        fcntl.flock(writer, fcntl.LOCK_EX)
        batches, position = [], 0
        while (batch := reader.read(position)) is not None:
            batches.append(batch)
            position = batch.end
        assert not reader.finished
    assert [batch.payloads for batch in batches] == [(b"first",), (), (b"third",)]
    assert position == durable
