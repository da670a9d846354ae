"""Ids, times and cuts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from mana_errors.errors import InvalidReport
from mana_errors.ingest.cut import cut
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.report import Report
from mana_errors.ingest.stamp import Clock, stamp
from mana_errors.model.event import Event, Severity
from mana_errors.model.ids import uuid7

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = Clock(lambda: NOW, timedelta(days=30))
NOBODY = Sender()


def stamped(sender: Sender = NOBODY, index: int = 0, app_id: str = "chat", **fields: Any) -> Event:
    report = Report(error_code="C", error_type="T", message=fields.pop("message", "m"), **fields)
    return stamp(report, app_id, sender, CLOCK, index)


def test_defaults() -> None:
    """severity is error, the time is now, the id ours."""
    event = stamped()
    assert event.severity is Severity.ERROR
    assert event.occurred_at == event.received_at == NOW
    assert event.app_id == "chat"
    assert event.id.version == 7
    assert not event.resendable
    assert event.notes is None


def test_a_proven_user_is_the_tokens_before_the_bodys() -> None:
    """What a bearer token proved beats what a body says."""
    assert stamped(Sender(user_id="token"), user_id="body").user_id == "token"
    assert stamped(user_id="body").user_id == "body"
    assert stamped(user_id="").user_id is None


def test_the_user_agent_is_the_bodys_before_the_requests() -> None:
    """userAgent, else the request's own header."""
    sender = Sender(user_agent="header")
    assert stamped(sender).user_agent == "header"
    assert stamped(sender, user_agent="body").user_agent == "body"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T11:00:00Z", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("2026-11-22T11:00:00.123Z", datetime(2026, 11, 22, 11, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-22T12:00:00+01:00", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("2026-11-22T11:00:00", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("20261122T110000Z", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_read(text: str, expected: datetime) -> None:
    """In any of its usual forms; without a zone it is UTC."""
    event = stamped(occurred_at=text)
    assert event.occurred_at == expected
    assert event.notes is None


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """400 names the field."""
    with pytest.raises(InvalidReport, match=r"^occurredAt: "):
        stamped(occurred_at=text)


@pytest.mark.parametrize(
    ("text", "clamped"),
    [
        ("1970-01-01T00:00:00Z", NOW - timedelta(days=30)),
        ("0001-01-01T00:00:00+14:00", NOW - timedelta(days=30)),
        ("2026-11-22T14:00:00Z", NOW),
        ("9999-12-31T23:59:59-14:00", NOW),
    ],
)
def test_impossible_times_are_clamped_and_kept(text: str, clamped: datetime) -> None:
    """The row fits a partition, and the event says what the client sent."""
    event = stamped(occurred_at=text)
    assert event.occurred_at == clamped
    assert event.notes == {"occurredAt": text}


def test_a_client_id_makes_an_event_resendable() -> None:
    """With a time of its own it is also dated: a resend has the same key."""
    identifier = uuid4()
    event = stamped(id=identifier, occurred_at="2026-11-22T11:00:00Z")
    assert (event.id, event.resendable, event.dated) == (identifier, True, True)
    assert not stamped(id=identifier).dated
    assert not stamped(id=identifier, occurred_at="1970-01-01").dated


def test_a_v7_id_tells_the_time() -> None:
    """A client id of version 7 without occurredAt dates the event."""
    at = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    event = stamped(id=uuid7(int(at.timestamp()) * 1_000_000_000))
    assert event.occurred_at == at
    assert event.dated


def test_a_v7_id_of_the_far_future_is_clamped() -> None:
    """48 bits of milliseconds reach beyond what a datetime holds."""
    event = stamped(id=UUID(int=(2**48 - 1) << 80 | 7 << 76 | 2 << 62))
    assert event.occurred_at == NOW


def test_an_idempotency_key_makes_the_ids() -> None:
    """Same key, app and place: same id; anything else: another."""
    one = Sender(idempotency_key="k")
    other = Sender(idempotency_key="k2")
    assert stamped(one).id == stamped(one).id
    assert stamped(one).resendable
    ids = {stamped(one).id, stamped(one, 1).id, stamped(other).id, stamped(one, app_id="b").id}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("field", "name", "limit"),
    [
        ("message", "message", 5000),
        ("request_url", "requestUrl", 2000),
        ("user_agent", "userAgent", 500),
        ("stack_trace", "stackTrace", 50_000),
    ],
)
def test_long_text_is_cut_with_a_mark(field: str, name: str, limit: int) -> None:
    """At the limit nothing happens; over it the text is cut and the event says so."""
    assert cut(stamped(**{field: "x" * limit})).notes is None
    event = cut(stamped(**{field: "x" * (limit + 1)}))
    text: str = getattr(event, field)
    assert len(text) <= limit
    assert "…" in text
    assert event.notes == {"cut": {name: limit + 1}}


def test_a_stack_is_cut_in_the_middle() -> None:
    """The failing call and the way to it both stay."""
    event = cut(stamped(stack_trace="first" + "x" * 60_000 + "last"))
    assert event.stack_trace is not None
    assert event.stack_trace.startswith("first")
    assert event.stack_trace.endswith("last")


def test_a_time_ahead_does_not_date_an_event() -> None:
    """One copy may be clamped and the next not: such resends are found by id."""
    event = stamped(id=uuid4(), occurred_at="2026-11-22T12:30:00Z")
    assert event.resendable
    assert not event.dated
