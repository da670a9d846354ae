"""What the fuzzer feeds: everything that reads a stranger's bytes before they are an event.

Each target raises when a property does not hold: only our own ClientErrors come out, reports become
records that can be read again, and text stays encodable.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mana_errors.digest.frames import structured_stack
from mana_errors.digest.group import group, tell
from mana_errors.digest.parse import parse_stack
from mana_errors.errors import ClientError
from mana_errors.ingest.cut import cut
from mana_errors.ingest.decode import tidy
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.otlp.logs import read_logs
from mana_errors.ingest.otlp.traces import read_traces
from mana_errors.ingest.report import Report
from mana_errors.ingest.scrub import scrub
from mana_errors.ingest.sentry.client_report import read_client_report
from mana_errors.ingest.sentry.credentials import dsn_parts, key_in
from mana_errors.ingest.sentry.envelope import read_envelope
from mana_errors.ingest.sentry.event import read_event
from mana_errors.ingest.sentry.security import read_security
from mana_errors.ingest.sentry.store import from_query, read_store
from mana_errors.ingest.shrink import shrink
from mana_errors.ingest.stamp import Clock, stamp
from mana_errors.store.spool.format import decode_event

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOCK = Clock(lambda: NOW, timedelta(days=30))
LIMIT = 1 << 20


def ingested(report: Report) -> None:
    """The way of a report to its issue: stamped, scrubbed, cut, spooled, digested."""
    event = cut(scrub(stamp(report, "app", Sender(), CLOCK)))
    try:
        record = shrink(event)
    except OverflowError:
        record = shrink(tidy(event))
    stored = decode_event(record)
    telling = tell(structured_stack(stored)) or tell(parse_stack(stored.stack_trace or ""))
    group(stored, telling)
    assert "\0" not in stored.message


def envelope(data: bytes) -> None:
    """Envelopes with all their items."""
    for item in read_envelope(data).items:
        if item.kind == "event":
            ingested(read_event(item.payload, event_id=None, address="203.0.113.7"))
        elif item.kind == "client_report":
            read_client_report(item.payload)


def event(data: bytes) -> None:
    """Events of envelopes and of the store endpoint."""
    ingested(read_event(data, event_id=None, address=None))


def store(data: bytes) -> None:
    """Bodies and queries of the store endpoint."""
    head, _, rest = data.partition(b"\n")
    key_in({b"x-sentry-auth": head, b"authorization": rest[:200]}, head)
    dsn_parts(head.decode("latin-1"))
    event(from_query(head, LIMIT) if rest.startswith(b"?") else read_store(data, LIMIT))


def security(data: bytes) -> None:
    """What browsers report by themselves."""
    for report in read_security(data):
        ingested(report)


def otlp(data: bytes) -> None:
    """Logs and traces, JSON and protobuf."""
    kind = b"application/json" if data[:1] in {b"{", b" "} else b"application/x-protobuf"
    for read in (read_logs, read_traces):
        try:
            reading = read(data, kind)
        except ClientError:
            continue
        for report in reading.reports:
            ingested(report)


def stack(data: bytes) -> None:
    """Text stacks of every runtime."""
    tell(parse_stack(data.decode("utf-8", "replace")))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (envelope, event, store, security, otlp, stack)
}


def run(name: str, data: bytes) -> None:
    """One input through one target; a refusal is a fine answer."""
    try:
        TARGETS[name](data)
    except ClientError:
        pass
