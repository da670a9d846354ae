"""Other protocols: whatever arrives becomes an event, or is refused with one of our own errors."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.errors import ClientError
from mana_errors.ingest.cut import cut
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.otlp.logs import read_logs
from mana_errors.ingest.scrub import scrub
from mana_errors.ingest.sentry.envelope import read_envelope
from mana_errors.ingest.sentry.event import read_event
from mana_errors.ingest.shrink import shrink
from mana_errors.ingest.stamp import Clock, stamp
from mana_errors.model.event import Event

sys.path.insert(0, str(Path(__file__).parents[2] / "fuzz"))
from targets import TARGETS, ingested, run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOCK = Clock(lambda: NOW, timedelta(days=30))
SECRET = "x9-very-secret-value"
# Names that mean something, so that strange values stand in known places.
NAMES = st.sampled_from(
    """
event_id timestamp platform level logger transaction server_name release dist environment
modules extra fingerprint exception values type value module mechanism stacktrace frames
filename abs_path function lineno colno in_app vars context_line pre_context breadcrumbs
message data category request url headers cookies query_string env user id email
ip_address tags contexts trace trace_id os device browser debug_meta images sdk packages
integrations logentry formatted params threads crashed exception_id parent_id _meta
culprit checksum sentry.interfaces.Message sentry.interfaces.Exception name version
attributes body key resource severityText timeUnixNano traceId spanId stringValue intValue
arrayValue kvlistValue exception.type
""".split()  # noqa: SIM905 - reads as text
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["{{auto}}", "%s %d %(a)s %", "{a} {0} {", "\0", "error", "python", "node"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=40,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=12)


def as_json(value: Any) -> bytes:
    import json  # noqa: PLC0415 - the lenient one: NaN, infinity, lone surrogates

    return json.dumps(value).encode("utf-8", "surrogatepass")


@given(OBJECTS)
def test_any_object_is_an_event(value: dict[str, Any]) -> None:
    """No odd field costs the event; what becomes of it can be stored and grouped."""
    ingested(read_event(as_json(value), event_id=None, address=None))


@given(st.sampled_from(sorted(TARGETS)), st.binary(max_size=300) | OBJECTS.map(as_json))
def test_any_bytes_are_read_or_refused(target: str, data: bytes) -> None:
    """By every reader."""
    run(target, data)


@given(OBJECTS)
def test_any_otlp_json_is_read_or_refused(value: dict[str, Any]) -> None:
    """In the shape of a request, with strange values."""
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityNumber": 17, **value}]}]}]}
    try:
        reading = read_logs(as_json(body), b"application/json")
    except ClientError:
        return
    for report in reading.reports:
        ingested(report)


@given(
    st.uuids(),
    st.lists(st.tuples(st.sampled_from(["event", "attachment", "x"]), st.binary(max_size=50))),
)
def test_envelopes_are_read_as_they_were_written(
    event_id: UUID, items: list[tuple[str, bytes]]
) -> None:
    """With lengths, whatever stands in the payloads."""
    body = msgspec.json.encode({"event_id": event_id.hex})
    for kind, payload in items:
        header = msgspec.json.encode({"type": kind, "length": len(payload)})
        body += b"\n%b\n%b" % (header, payload)
    envelope = read_envelope(body)
    assert envelope.flaw is None
    assert [(item.kind, item.payload) for item in envelope.items] == items
    assert envelope.event_id == (event_id if event_id.int else None)


PLACES: list[dict[str, Any]] = [
    {"request": {"headers": {"Authorization": SECRET}}},
    {"request": {"headers": [["Cookie", f"a=b; sid={SECRET}"]]}},
    {"request": {"data": {"user": {"password": SECRET}}}},
    {"request": {"data": f"password={SECRET}&a=1"}},
    {"request": {"query_string": [["token", SECRET]]}},
    {"request": {"cookies": {"sessionid": SECRET}}},
    {"request": {"env": {"API_KEY": SECRET}}},
    {"request": {"url": f"https://ann:{SECRET}@shop.example/"}},
    {"extra": {"deep": [{"client_secret": SECRET}]}},
    {"contexts": {"form": {"password": SECRET}}},
    {"tags": [["api_key", SECRET]]},
    {"breadcrumbs": [{"message": f"connect postgres://ann:{SECRET}@db/x"}]},
    {"breadcrumbs": {"values": [{"data": {"headers": {"x-api-key": SECRET}}}]}},
    {"exception": [{"stacktrace": {"frames": [{"vars": {"password": f"'{SECRET}'"}}]}}]},
    {"exception": [{"type": "E", "value": f"bad token={SECRET}"}]},
    {"threads": [{"stacktrace": {"frames": [{"vars": {"x": {"secret": SECRET}}}]}}]},
    {"logentry": {"message": "login %s", "params": [f"password={SECRET}"]}},
    {"user": {"id": "u", "data": {"token": SECRET}}},
]


def spooled(value: dict[str, Any]) -> bytes:
    report = read_event(msgspec.json.encode(value), event_id=None, address=None)
    event: Event = cut(scrub(stamp(report, "app", Sender(), CLOCK)))
    return shrink(event)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: next(iter(place)))
@pytest.mark.parametrize(
    "elsewhere",
    [
        {},
        {"message": f"it was {SECRET}"},
        {"extra": {"note": SECRET}, "tags": {"a": SECRET}, "transaction": SECRET},
        {"breadcrumbs": [{"message": f"typed {SECRET}!"}]},
    ],
)
def test_no_planted_secret_reaches_the_spool(
    place: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    """Wherever it is planted, and wherever else it stands."""
    assert SECRET.encode() not in spooled({**elsewhere, **place})
