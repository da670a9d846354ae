"""Spool to issues on a real database, stage by stage."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from digesting import NOW, Node, event
from mana_errors.model.event import Environment, Event, Severity
from mana_errors.store import db, events
from mana_errors.store.fold import lead
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.reader import segments
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter
from spooling import append


async def test_an_event_becomes_a_row_with_all_its_fields(node: Node) -> None:
    """Every column of the contract holds what the client sent."""
    sent = event(
        stack_trace="Error: x\n    at f (a.js:1:2)",
        user_id="u",
        session_id="s",
        service_name="chat-backend",
        request_url="/api?x=1",
        request_method="POST",
        request_headers={"accept": "*/*"},
        request_body={"a": [1, None, {"b": 2.5}]},
        response_status_code=500,
        environment=Environment.PRODUCTION,
        severity=Severity.CRITICAL,
        context={"k": "ü"},
        user_agent="ua",
        browser_info={"name": "Chrome"},
        device_info={"model": "x"},
        release="1.2.3",
    )
    await node.store(sent)
    (row,) = await node.rows("SELECT * FROM error_logs.error_logs")
    for name in set(Event.__struct_fields__) & set(row):
        assert row[name] == getattr(sent, name), name
    assert row["grouping_hash"]
    assert len(row["fingerprint"]) == 32


async def test_absent_fields_are_null_and_context_is_an_object(node: Node) -> None:
    """The contract's default for context."""
    await node.store(event())
    (row,) = await node.rows("SELECT * FROM error_logs.error_logs")
    assert row["context"] == {}
    assert row["user_id"] is row["environment"] is row["request_headers"] is None


async def test_counts_first_and_last_seen_are_exact(node: Node) -> None:
    """Whatever the order of arrival, over several batches."""
    times = [NOW - timedelta(minutes=m) for m in (5, 90, 1, 30)]
    for at in times:
        await node.store(event(occurred_at=at), event(occurred_at=at))
    (issue,) = await node.rows("SELECT * FROM error_logs.issues")
    assert (issue["count"], issue["first_seen"], issue["last_seen"]) == (8, min(times), max(times))
    rollups = await node.rows("SELECT sum(count)::int AS total FROM error_logs.rollups")
    assert rollups == [{"total": 8}]


async def test_severity_is_the_worst_and_words_are_the_latest(node: Node) -> None:
    """An issue reads like its last event and weighs like its worst."""
    fields: dict[str, Any] = {"client_fingerprint": "same"}
    await node.store(event(message="new", occurred_at=NOW, release="2", **fields))
    await node.store(
        event(
            message="old",
            occurred_at=NOW - timedelta(hours=1),
            severity=Severity.CRITICAL,
            release="1",
            **fields,
        )
    )
    (issue,) = await node.rows("SELECT * FROM error_logs.issues")
    assert issue["title"] == "TypeError: new"
    assert issue["severity"] == "critical"
    assert (issue["first_release"], issue["last_release"]) == ("1", "2")


async def test_users_are_counted_once(node: Node) -> None:
    """Distinct over batches; anonymous events do not count."""
    await node.store(event(user_id="a"), event(user_id="b"), event())
    await node.store(event(user_id="a"), event(user_id="c"))
    assert await node.rows("SELECT users, count FROM error_logs.issues") == [
        {"users": 3, "count": 5}
    ]


@pytest.mark.parametrize("late", [False, True])
async def test_a_resolved_issue_regresses_when_it_recurs(node: Node, late: bool) -> None:  # noqa: FBT001
    """An event received after the resolution reopens it; one that waited in a spool does not."""
    await node.store(event())
    await node.connection.execute(
        "UPDATE error_logs.issues SET status = 'resolved', resolved_at = $1", NOW
    )
    received = NOW + timedelta(seconds=-1 if late else 1)
    await node.store(event(received_at=received))
    (issue,) = await node.rows("SELECT * FROM error_logs.issues")
    assert issue["count"] == 2
    if late:
        assert (issue["status"], issue["regressions"]) == ("resolved", 0)
    else:
        assert (issue["status"], issue["regressions"]) == ("unresolved", 1)
        assert issue["regressed_at"] == received
        assert issue["resolved_at"] is None


async def test_an_ignored_issue_stays_ignored(node: Node) -> None:
    """Its counts go on."""
    await node.store(event())
    await node.connection.execute("UPDATE error_logs.issues SET status = 'ignored'")
    await node.store(event())
    assert await node.rows("SELECT status, count FROM error_logs.issues") == [
        {"status": "ignored", "count": 2}
    ]


RESENT = {
    "dated": {"dated": True},
    "undated": {},
}


@pytest.mark.parametrize("kind", RESENT)
async def test_a_resent_event_is_stored_once(node: Node, kind: str) -> None:
    """Within a batch, over batches, and with another time of receipt."""
    identifier = uuid4()
    fields: dict[str, Any] = {"id": identifier, "resendable": True, **RESENT[kind]}

    def copy(seconds: int) -> Event:
        received = NOW + timedelta(seconds=seconds)
        occurred = NOW if kind == "dated" else received
        return event(occurred_at=occurred, received_at=received, **fields)

    await node.store(copy(0), copy(1), event())
    await node.store(copy(2))
    await node.store(event(), copy(3))
    assert await node.rows(
        "SELECT count(*)::int AS n FROM error_logs.error_logs WHERE id = $1", identifier
    ) == [{"n": 1}]
    assert await node.rows("SELECT count FROM error_logs.issues") == [{"count": 3}]


async def test_events_of_one_id_and_different_problems_are_both_kept(node: Node) -> None:
    """One app's id cannot hide another app's event."""
    identifier = uuid4()
    await node.store(event(id=identifier, resendable=True, app_id="a"))
    await node.store(event(id=identifier, resendable=True, app_id="b"))
    assert len(await node.rows("SELECT 1 FROM error_logs.error_logs")) == 2


async def test_a_refused_event_costs_only_itself(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's refusal is bisected down to the event, which is kept with the reason."""
    row = events.row

    def spoiled(item: Any) -> tuple[Any, ...]:
        values = row(item)
        bad = item.event.message == "bad"
        return (values[0], values[1], values[2], "nul\0" if bad else values[3], *values[4:])

    monkeypatch.setattr(events, "row", spoiled)
    await node.store(*(event(message="bad" if n == 3 else "good") for n in range(7)))
    assert len(await node.rows("SELECT 1 FROM error_logs.error_logs")) == 6
    assert await node.rows("SELECT sum(count)::int AS n FROM error_logs.issues") == [{"n": 6}]
    (letters,) = (node.directory / "dead").iterdir()
    (letter,) = map(msgspec.json.decode, letters.read_bytes().splitlines())
    assert letter["reason"].startswith("22")
    assert "bad" in letter["content"]


async def test_a_missing_partition_is_made(node: Node) -> None:
    """Events that waited in a spool for weeks are stored all the same."""
    old = NOW - timedelta(days=60)
    await node.store(event(occurred_at=old))
    assert len(await node.rows("SELECT 1 FROM error_logs.error_logs")) == 1


async def test_digested_segments_leave_no_trace(node: Node) -> None:
    """Neither file nor cursor."""
    await node.store(event())
    assert segments(node.directory / "spool") == []
    assert await node.rows("SELECT 1 FROM error_logs.spool_cursors") == []


async def test_unreadable_records_are_kept_aside(node: Node) -> None:
    """What a newer release left behind does not stop the digest."""
    writer = SpoolWriter(node.directory / "spool", SpoolLimits(1 << 40, 0))
    await append(writer, b"\xc1 no msgpack", encode_event(event()))
    await writer.close()
    await node.drain()
    assert len(await node.rows("SELECT 1 FROM error_logs.error_logs")) == 1
    assert len(list((node.directory / "dead").iterdir())) == 1


async def test_one_triage_leads(migrated_dsn: str) -> None:
    """The lock goes with the connection."""
    one, other = await db.connect(migrated_dsn), await db.connect(migrated_dsn)
    assert await lead(one)
    assert not await lead(other)
    await one.close()
    assert await lead(other)
    await other.close()


async def test_two_digests_of_one_event_store_it_once(node: Node, tmp_path: Path) -> None:
    """Two nodes get the same event at the same time, with and without a time of its own."""
    other = Node(node.dsn, tmp_path / "other", node.connection)
    identifiers = [uuid4() for _ in range(40)]
    for one in (node, other):
        await one.spool(
            [event(id=key, resendable=True, dated=n % 2 == 0) for n, key in enumerate(identifiers)]
        )
    stopping = asyncio.Event()
    stopping.set()
    await asyncio.gather(node.digest().run(stopping), other.digest().run(stopping))
    await node.drain()
    await other.drain()
    assert len(await node.rows("SELECT 1 FROM error_logs.error_logs")) == len(identifiers)


async def test_the_reason_for_an_issue_is_kept_from_its_first_event(node: Node) -> None:
    """Later deltas go without components; a digest that starts anew sends them again."""
    digest = node.digest()
    stopping = asyncio.Event()
    stopping.set()
    for batch in ([event()], [event(), event(app_id="b")], [event()]):
        await node.spool(batch)
        await digest.run(stopping)
    bodies = await node.rows("SELECT length(body) AS size FROM error_logs.deltas ORDER BY id")
    assert bodies[2]["size"] < bodies[0]["size"]
    await node.drain()
    rows = await node.rows("SELECT components FROM error_logs.issue_hashes")
    assert [bool(row["components"]) for row in rows] == [True, True]
