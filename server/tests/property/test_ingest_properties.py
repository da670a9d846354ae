"""Whatever bytes arrive: an event that PostgreSQL can hold, or a refusal that says why."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from mana_errors.errors import ClientError
from mana_errors.ingest.cut import cut
from mana_errors.ingest.decode import decode_report, read_batch, tidy
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.report import Report
from mana_errors.ingest.scrub import scrub
from mana_errors.ingest.stamp import MAX_FUTURE, Clock, stamp
from mana_errors.model.event import Event
from mana_errors.store.spool.format import decode_event, encode_event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = Clock(lambda: NOW, timedelta(days=30))
SENDER = Sender()

any_text = st.text(st.characters(codec=None))
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | any_text
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([field.encode_name for field in msgspec.structs.fields(Report)])
reports = st.dictionaries(names, values, max_size=8).map(
    lambda fields: {"errorCode": "C", "errorType": "T", "message": "m"} | fields
)


def prepare(raw: bytes) -> Event:
    """What ingest does between body and spool."""
    event = cut(scrub(stamp(decode_report(raw), "chat", SENDER, CLOCK)))
    try:
        encode_event(event)
    except OverflowError:
        event = tidy(event)
    return event


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [str(value)]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *strings(item))]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


def assert_storable(event: Event) -> None:
    """PostgreSQL takes it, the spool gives it back, a partition fits it."""
    for name in Event.__struct_fields__:
        for text in strings(getattr(event, name)):
            assert "\0" not in text
            text.encode()
    assert NOW - CLOCK.retention <= event.occurred_at <= NOW + MAX_FUTURE
    assert decode_event(encode_event(event)) == event


@given(reports)
@example({"context": {"a": float("nan"), "\ud800": "\0"}})
@example({"context": {"n": 2**64}})
def test_json_like_reports(fields: dict[str, Any]) -> None:
    """Any JSON value in any field, as Python's json writes it (NaN, lone surrogates included)."""
    base = {"errorCode": "C", "errorType": "T", "message": "m"}
    try:
        event = prepare(json.dumps({**base, **fields}).encode())
    except ClientError as refusal:
        assert str(refusal)
        return
    assert_storable(event)


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    """Never an exception that is not the client's."""
    for decode in (prepare, read_batch):
        try:
            decode(raw)
        except ClientError as refusal:
            assert str(refusal)


@given(reports, st.data())
def test_damaged_json(fields: dict[str, Any], data: st.DataObject) -> None:
    """One changed byte: still an event or a clear refusal."""
    raw = bytearray(json.dumps(fields).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        event = prepare(bytes(raw))
    except ClientError as refusal:
        assert str(refusal)
        return
    assert_storable(event)
