"""Byte budgets on a real database: who gives, how much, and what is said when nothing is left."""

import logging
from datetime import timedelta
from uuid import UUID

import pytest

from mana_errors import meters
from mana_errors.model.app_change import AppChange, NewApp
from mana_errors.model.ids import uuid7
from mana_errors.retention import budgets as retention_budgets
from mana_errors.retention.budgets import Budgets
from mana_errors.store import apps, budgets, partitions
from mana_errors.store.audit import COMMAND
from mana_errors.store.budgets import Taken
from mana_errors.store.db import Connection, connect
from rows import NOON, add, add_event, add_issue

KIB = 1024


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_budgets, "PAUSE_S", 0)


async def make_app(connection: Connection, app: str, max_bytes: int) -> None:
    await apps.create(connection, NewApp(app), COMMAND)
    change = AppChange(settings={"maxBytes": max_bytes})
    await apps.change(connection, app, change, COMMAND)


async def add_events(connection: Connection, issue: UUID, number: int, app: str = "chat") -> None:
    """Of 1 KiB each, a second apart."""
    for n in range(number):
        at = NOON + timedelta(seconds=n)
        await add_event(connection, issue, app_id=app, occurred_at=at, received_at=at)
    await add_day(connection, number, app)


async def add_day(connection: Connection, events: int, app: str = "chat") -> None:
    await connection.execute(
        "INSERT INTO error_logs.app_days AS d VALUES ($1, $2, $3, $4) ON CONFLICT (app_id, day) "
        "DO UPDATE SET events = d.events + EXCLUDED.events, bytes = d.bytes + EXCLUDED.bytes",
        app, NOON.date(), events, events * KIB,
    )  # fmt: skip


async def stored(connection: Connection, issue: UUID) -> list[int]:
    """Seconds after noon of its events, in order."""
    rows = await connection.fetch(
        "SELECT occurred_at FROM error_logs.error_logs WHERE grouping_hash = $1 ORDER BY 1", issue
    )
    return [int((row["occurred_at"] - NOON).total_seconds()) for row in rows]


async def test_the_loudest_gives_its_middle_and_the_quiet_keep_all(connection: Connection) -> None:
    """50 KiB over a budget of 100: to 90 %, 60 events go, and all of them are the loop's."""
    await make_app(connection, "chat", 100 * KIB)
    loop, rare = await add_issue(connection), await add_issue(connection)
    await add_events(connection, loop, 130)
    await add_events(connection, rare, 20)
    await Budgets().trim(connection)
    assert await stored(connection, rare) == list(range(20))
    kept = await stored(connection, loop)
    assert len(kept) == 70
    assert kept == [*range(35), *range(95, 130)]
    assert (await budgets.taken(connection, ["chat"]))["chat"] == Taken(90, 90 * KIB)


async def test_within_the_budget_nothing_goes(connection: Connection) -> None:
    """Also at 95 %: trimming begins above the limit and ends at 90 %."""
    await make_app(connection, "chat", 20 * KIB)
    issue = await add_issue(connection)
    await add_events(connection, issue, 19)
    await Budgets().trim(connection)
    assert len(await stored(connection, issue)) == 19


async def test_no_budget_no_limit_and_others_are_left_alone(connection: Connection) -> None:
    await make_app(connection, "chat", 10 * KIB)
    await make_app(connection, "shop", 0)
    mine, other = await add_issue(connection), await add_issue(connection, app_id="shop")
    await add_events(connection, mine, 30)
    await add_events(connection, other, 30, "shop")
    await Budgets().trim(connection)
    assert len(await stored(connection, mine)) == 9
    assert len(await stored(connection, other)) == 30


async def test_large_events_weigh_what_they_take(connection: Connection) -> None:
    """Small events of the same day cannot be deleted at the price of large ones."""
    await make_app(connection, "chat", 1)
    large, small = await add_issue(connection), await add_issue(connection)
    for n in range(10):
        at = NOON + timedelta(seconds=n)
        await add_event(connection, small, occurred_at=at)
        headers = {str(i): uuid7().hex for i in range(200)}
        await add_event(connection, large, occurred_at=at, request_headers=headers)
    await add_day(connection, 20)
    chunks = await budgets.plan(connection, "chat", 1 << 40)
    assert [chunk.number for chunk in chunks] == [0]
    rows = await connection.fetch("SELECT grouping_hash, bytes FROM pg_temp.doomed")
    weights = {row["grouping_hash"]: row["bytes"] for row in rows}
    assert weights[large] > 20 * weights[small]
    assert (await budgets.delete_chunk(connection, "chat", chunks[0])).events == 16


async def test_what_regresses_after_the_plan_keeps_its_events(connection: Connection) -> None:
    """Its exemplar may be among those that are to go."""
    await make_app(connection, "chat", 10 * KIB)
    issue, other = await add_issue(connection), await add_issue(connection)
    await add_events(connection, issue, 20)
    await add_events(connection, other, 20)
    chunks = await budgets.plan(connection, "chat", 30 * KIB)
    await connection.execute(
        "UPDATE error_logs.issues SET regressed_at = $2 WHERE id = $1", issue, NOON
    )
    for chunk in chunks:
        await budgets.delete_chunk(connection, "chat", chunk)
    assert len(await stored(connection, issue)) == 20
    assert len(await stored(connection, other)) < 10


async def test_protected_events_alone_are_said_once_and_looked_for_once(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Until something changes; then the budget is looked at again."""
    await make_app(connection, "chat", KIB)
    issue = await add_issue(connection)
    await add_events(connection, issue, 2)
    trimmer = Budgets()
    with caplog.at_level(logging.INFO):
        await trimmer.trim(connection)
        await connection.execute("TRUNCATE pg_temp.doomed")
        await connection.execute("ALTER TABLE pg_temp.doomed RENAME TO no_plan")
        await trimmer.trim(connection)
        assert await connection.fetchval("SELECT to_regclass('pg_temp.doomed')") is None
        await add_events(connection, issue, 10)
        await trimmer.trim(connection)
    said = [line for line in caplog.records if "protected" in line.message]
    assert [line.levelname for line in said] == ["WARNING"]
    assert len(await stored(connection, issue)) == 2


async def test_an_exhausted_budget_shows_in_a_metric(connection: Connection) -> None:
    await make_app(connection, "chat", KIB)
    await add_events(connection, await add_issue(connection), 2)
    trimmer = Budgets()
    await trimmer.trim(connection)
    assert meters.budgets_exhausted._value.get() == 1
    await apps.change(connection, "chat", AppChange(settings={"maxBytes": 0}), COMMAND)
    await trimmer.trim(connection)
    assert meters.budgets_exhausted._value.get() == 0


async def test_events_arrive_while_others_go(migrated_dsn: str, connection: Connection) -> None:
    """A chunk and a batch change the same row of app_days: both count."""
    await make_app(connection, "chat", 10 * KIB)
    issue = await add_issue(connection)
    await add_events(connection, issue, 30)
    chunks = await budgets.plan(connection, "chat", 21 * KIB)
    digest = await connect(migrated_dsn)
    await add_day(digest, 5)
    for chunk in chunks:
        await budgets.delete_chunk(connection, "chat", chunk)
    assert (await budgets.taken(connection, ["chat"]))["chat"] == Taken(14, 14 * KIB)
    await digest.close()


async def test_deleting_looks_events_up_in_an_index(connection: Connection) -> None:
    """Not by reading the partition once for each chunk."""
    await make_app(connection, "chat", KIB)
    await partitions.ensure(connection, {NOON.date()})
    await connection.execute(
        "INSERT INTO error_logs.error_logs (id, error_code, error_type, message, app_id, "
        "fingerprint, occurred_at, received_at, grouping_hash, protocol) "
        "SELECT gen_random_uuid(), 'C', 'T', 'm', 'chat', 'f' || n % 100, "
        "$1::timestamptz + n * interval '1 ms', $1::timestamptz, $2, 'native' "
        "FROM generate_series(1, 20000) n",
        NOON, await add_issue(connection),
    )  # fmt: skip
    await add(
        connection, "app_days", app_id="chat", day=NOON.date(), events=20_000, bytes=20_000 * KIB
    )
    await connection.execute("ANALYZE error_logs.error_logs")
    chunks = await budgets.plan(connection, "chat", 5000 * KIB)
    query = budgets._SQL["delete_chunk"]
    start = NOON.replace(hour=0)
    plan = await connection.fetch(
        "EXPLAIN " + query.replace("$1", "'chat'").replace("$2", f"'{NOON.date()}'")
        .replace("$3", "0").replace("$4", f"'{start}'").replace("$5", f"'{start + timedelta(1)}'")
    )  # fmt: skip
    text = "\n".join(row[0] for row in plan)
    assert f"Seq Scan on error_logs_{NOON:%Y%m%d}" not in text
    assert len(chunks) * budgets.CHUNK == 5000
