"""The ledger, what events take, and registration: written with the events, each exactly once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from digesting import NOW, Node, event
from mana_errors.digest.run import Digest
from mana_errors.errors import BadRequest
from mana_errors.model.app import AppSettings, Directory, KnownApp
from mana_errors.model.outcome import Outcome, OutcomeCount, Refusals
from mana_errors.model.query import OutcomeQuery
from mana_errors.store import db, events, outcomes
from mana_errors.store.spool.format import encode_event, encode_refusals
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter
from spooling import append

MINUTE = NOW.replace(second=0, microsecond=0)
LEDGER = "SELECT app_id, outcome, minute, count FROM error_logs.outcomes ORDER BY 1, 2, 3"


async def spool(node: Node, *payloads: bytes) -> None:
    writer = SpoolWriter(node.directory / "spool", SpoolLimits(1 << 40, 0))
    await append(writer, *payloads)
    await writer.close()


async def ledger(node: Node) -> dict[tuple[str, str], int]:
    """(app, outcome) -> count."""
    query = "SELECT app_id, outcome, sum(count)::int AS n FROM error_logs.outcomes GROUP BY 1, 2"
    return {(row["app_id"], row["outcome"]): row["n"] for row in await node.rows(query)}


async def run(digest: Digest) -> None:
    """Digest what there is; the digest can be used again."""
    stopping = asyncio.Event()
    stopping.set()
    await digest.run(stopping)


async def value(node: Node, query: str, *arguments: object) -> Any:
    return await node.connection.fetchval(query, *arguments)


async def test_stored_events_are_in_the_ledger_by_app_and_minute_of_receipt(node: Node) -> None:
    earlier = NOW - timedelta(minutes=3)
    await node.store(event(), event(app_id="picture"), event(received_at=earlier), event())
    await node.store(event())
    assert [tuple(row.values()) for row in await node.rows(LEDGER)] == [
        ("chat", "stored", MINUTE - timedelta(minutes=3), 1),
        ("chat", "stored", MINUTE, 3),
        ("picture", "stored", MINUTE, 1),
    ]


async def test_what_ingest_refused_is_added_once(node: Node) -> None:
    """Between events, and with lines of one key in several records."""
    counts = [
        OutcomeCount("chat", Outcome.FILTERED, MINUTE, 3),
        OutcomeCount("", Outcome.INVALID, MINUTE, 2),
    ]
    refusals = encode_refusals(Refusals(counts))
    await spool(node, refusals, encode_event(event()), refusals)
    await node.drain()
    assert await ledger(node) == {
        ("chat", "filtered"): 6,
        ("", "invalid"): 4,
        ("chat", "stored"): 1,
    }
    assert await value(node, "SELECT count(*) FROM error_logs.error_logs") == 1


async def test_resent_events_are_duplicates(node: Node) -> None:
    """Within a batch and over batches; the sum is what came."""
    twice = event(id=uuid4(), resendable=True, dated=True)
    await node.store(twice, twice, event())
    await node.store(twice)
    assert await ledger(node) == {("chat", "stored"): 2, ("chat", "duplicate"): 2}


async def test_a_sampled_storm_keeps_its_counts(node: Node) -> None:
    """Bodies go; issue, rollups, users and ledger know of every event."""
    node.sample_after = 5
    await node.store(*(event(user_id=f"u{n % 13}") for n in range(100)), event(app_id="rare"))
    bodies = await value(node, "SELECT count(*) FROM error_logs.error_logs WHERE app_id = 'chat'")
    assert bodies <= 5 + 3 * 5
    assert await ledger(node) == {
        ("chat", "stored"): bodies,
        ("chat", "sampled"): 100 - bodies,
        ("rare", "stored"): 1,
    }
    (issue,) = await node.rows("SELECT count, users FROM error_logs.issues WHERE app_id = 'chat'")
    assert issue == {"count": 100, "users": 13}
    assert await value(node, "SELECT sum(count) FROM error_logs.rollups") == 101
    weight = await value(node, "SELECT sum(weight) FROM error_logs.error_logs WHERE app_id='chat'")
    assert 100 - 16 < weight <= 100


async def test_a_sampled_event_that_is_sent_again_counts_once(node: Node) -> None:
    node.sample_after = 2
    sent = [event(id=uuid4(), resendable=True) for _ in range(20)]
    digest = node.digest()
    for _ in range(2):
        await node.spool(sent)
        await run(digest)
    await node.drain()
    assert await value(node, "SELECT count FROM error_logs.issues") == 20
    counts = await ledger(node)
    assert counts["chat", "duplicate"] == 20
    assert counts["chat", "stored"] + counts["chat", "sampled"] == 20
    assert counts["chat", "sampled"]


async def test_the_app_s_own_setting_wins(node: Node) -> None:
    node.sample_after = 2
    own = KnownApp("chat", 1, AppSettings(sample_after=0))
    node.apps = Directory(1, {"chat": own}, {})
    await node.store(*(event() for _ in range(20)), *(event(app_id="other") for _ in range(20)))
    query = "SELECT app_id, count(*)::int AS n FROM error_logs.error_logs GROUP BY 1"
    kept = {row["app_id"]: row["n"] for row in await node.rows(query)}
    assert kept["chat"] == 20
    assert kept["other"] < 20


def spoil(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL refuses every event whose message is bad."""
    row = events.row

    def spoiled(item: Any) -> tuple[Any, ...]:
        values = row(item)
        return (*values[:3], "nul\0" if item.event.message == "bad" else values[3], *values[4:])

    monkeypatch.setattr(events, "row", spoiled)


async def test_refused_events_are_dead_letters(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """By app, if the app is known otherwise; a stranger's word alone makes no line of its own."""
    spoil(monkeypatch)
    bad = [event(message="bad"), event(message="bad", app_id="only-bad")]
    await node.store(event(), *bad, event())
    assert await ledger(node) == {
        ("chat", "stored"): 2,
        ("chat", "dead_letter"): 1,
        ("", "dead_letter"): 1,
    }


async def test_a_storm_of_refused_events_is_not_counted(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even those that would have been sampled out: an issue of them could not be shown."""
    spoil(monkeypatch)
    node.sample_after = 2
    await node.store(*(event(message="bad") for _ in range(20)), event())
    assert await ledger(node) == {("chat", "dead_letter"): 20, ("chat", "stored"): 1}
    assert await value(node, "SELECT sum(count) FROM error_logs.issues") == 1


async def test_a_refused_event_does_not_take_its_issue_s_reason_with_it(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one of its hash brings the components."""
    spoil(monkeypatch)
    digest = node.digest()
    same = {"client_fingerprint": "same"}
    for message in ("bad", "good"):
        await node.spool([event(message=message, **same), event(app_id="other")])
        await run(digest)
    await node.drain()
    rows = await node.rows("SELECT components FROM error_logs.issue_hashes WHERE app_id = 'chat'")
    assert [bool(row["components"]) for row in rows] == [True]


async def test_unreadable_records_are_dead_letters_of_nobody(node: Node) -> None:
    await spool(node, b"\xc1 no msgpack", encode_event(event()))
    await node.drain()
    assert await ledger(node) == {("", "dead_letter"): 1, ("chat", "stored"): 1}


async def test_stored_bytes_are_counted_by_app_and_day(node: Node) -> None:
    """Of the event's own day, and only what is stored."""
    yesterday = NOW - timedelta(days=1)
    sent = [event(), event(context={"a": "b" * 500}), event(occurred_at=yesterday), event()]
    await node.store(*sent[:3])
    await node.store(sent[3])
    sizes = [len(encode_event(one)) for one in sent]
    rows = await node.rows("SELECT app_id, day, events, bytes FROM error_logs.app_days ORDER BY 2")
    assert [tuple(row.values()) for row in rows] == [
        ("chat", yesterday.date(), 1, sizes[2]),
        ("chat", NOW.date(), 3, sizes[0] + sizes[1] + sizes[3]),
    ]


async def test_apps_are_registered_when_they_are_met(node: Node) -> None:
    """Each once, with a number and a key, in the transaction of its first event."""
    await node.store(event(), event(app_id="picture"))
    await node.store(event(), event(app_id="zitare"))
    rows = await node.rows("SELECT id, number FROM error_logs.apps ORDER BY number")
    assert {row["id"] for row in rows} == {"chat", "picture", "zitare"}
    assert len({row["number"] for row in rows}) == 3
    keys = await value(node, "SELECT count(*) FROM error_logs.keys WHERE revoked_at IS NULL")
    assert keys == 3


async def test_a_batch_that_is_digested_twice_is_entered_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first commit gets lost; the cursor knows."""
    lost: list[int] = []
    commit = outcomes.add_days

    async def once(connection: db.Connection, days: Sequence[Any]) -> None:
        await commit(connection, list(days))
        if not lost:
            lost.append(1)
            raise OSError("the cable")

    monkeypatch.setattr(outcomes, "add_days", once)
    refusals = Refusals([OutcomeCount("chat", Outcome.INVALID, MINUTE, 2)])
    await spool(node, encode_event(event()), encode_refusals(refusals))
    await node.drain()
    await node.drain()
    assert await ledger(node) == {("chat", "stored"): 1, ("chat", "invalid"): 2}
    assert await value(node, "SELECT sum(events) FROM error_logs.app_days") == 1


async def test_two_nodes_add_to_the_same_lines(node: Node, tmp_path: Path) -> None:
    other = Node(node.dsn, tmp_path / "other", node.connection)
    for one in (node, other):
        await one.spool([event(app_id=f"app{n % 5}") for n in range(200)])
    await asyncio.gather(run(node.digest()), run(other.digest()))
    await node.drain()
    await other.drain()
    assert await ledger(node) == {(f"app{n}", "stored"): 80 for n in range(5)}
    assert await value(node, "SELECT sum(events) FROM error_logs.app_days") == 400


HOUR = datetime(2026, 3, 4, 5, tzinfo=UTC)


async def read(node: Node, query: dict[str, str], now: datetime = HOUR) -> Any:
    """What the API answers for chat, as JSON values."""
    asked = msgspec.convert(query, OutcomeQuery, strict=False)
    return msgspec.to_builtins(await outcomes.of_app(node.connection, "chat", asked, now))


@pytest.fixture
async def entered(node: Node) -> Node:
    """A ledger of two hours, and another app's."""
    lines = [
        OutcomeCount("chat", Outcome.FILTERED, HOUR - timedelta(minutes=61), 4),
        OutcomeCount("chat", Outcome.STORED, HOUR - timedelta(minutes=61), 1),
        OutcomeCount("chat", Outcome.STORED, HOUR - timedelta(minutes=59), 2),
        OutcomeCount("chat", Outcome.STORED, HOUR - timedelta(minutes=1), 3),
        OutcomeCount("other", Outcome.STORED, HOUR - timedelta(minutes=1), 100),
    ]
    await outcomes.add(node.connection, lines)
    return node


async def test_the_default_is_the_last_day_by_the_hour(entered: Node) -> None:
    answer = await read(entered, {})
    assert len(answer["items"]) == 24
    assert answer["received"] == 10
    assert answer["totals"] == {"stored": 6, "filtered": 4}
    assert answer["items"][-1] == {
        "start": (HOUR - timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "received": 5,
        "counts": {"stored": 5},
    }
    assert answer["items"][-2]["counts"] == {"stored": 1, "filtered": 4}
    assert answer["items"][0]["counts"] == {}


async def test_minutes_and_days_and_a_span(entered: Node) -> None:
    """From and to are widened to whole items; the one that is not over yet is there."""
    since = (HOUR - timedelta(minutes=61, seconds=-5)).isoformat()
    until = (HOUR - timedelta(minutes=58, seconds=30)).isoformat()
    minutes = await read(entered, {"from": since, "to": until, "resolution": "minute"})
    assert [item["received"] for item in minutes["items"]] == [5, 0, 2]
    days = await read(entered, {"resolution": "day"})
    assert [item["received"] for item in days["items"]] == [10]
    hours = await read(entered, {}, HOUR + timedelta(seconds=1))
    assert hours["items"][-1]["received"] == 0


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"from": "2030-01-01T00:00:00Z"}, 0),
        ({"to": "0001-01-01T00:00:00Z"}, 0),
        ({"from": "2026-03-04T00:00:00Z", "to": "9999-12-31T23:59:59Z"}, 5),
        ({"from": "2026-03-04T04:00:00Z", "to": "2026-03-04T03:00:00Z"}, 0),
    ],
)
async def test_times_without_a_ledger_are_empty(
    entered: Node, query: dict[str, str], count: int
) -> None:
    assert len((await read(entered, query))["items"]) == count


async def test_too_many_items_are_refused(entered: Node) -> None:
    since = "0001-01-01T00:00:00Z"
    with pytest.raises(BadRequest, match="1500 items"):
        await read(entered, {"from": since, "resolution": "day"})
