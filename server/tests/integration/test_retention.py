"""Age of events and of the ledger, and the loop that runs the jobs."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.model.app_change import AppChange, NewApp
from mana_errors.retention import ages, ledger, run
from mana_errors.retention.leader import Leader, Lock
from mana_errors.retention.run import Job, work
from mana_errors.store import apps, budgets, partitions, system, usage
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection, connect
from rows import NOON, add, add_event, add_issue

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ages, ledger):
        monkeypatch.setattr(module, "PAUSE_S", 0)


async def add_days(connection: Connection, app: str, days: Sequence[int], each: int = 3) -> None:
    """Events on the noons so many days before yesterday's, with their rows of app_days."""
    issue = await add_issue(connection, app_id=app)
    for back in days:
        at = NOON - back * DAY
        for _ in range(each):
            await add_event(connection, issue, app_id=app, occurred_at=at, received_at=at)
        day = at.date()
        await add(connection, "app_days", app_id=app, day=day, events=each, bytes=each * 100)


async def days_left(connection: Connection, app: str) -> dict[str, list[int]]:
    """How many days before yesterday have events, and rows of app_days."""
    events = await connection.fetch(
        "SELECT DISTINCT occurred_at::date AS day FROM error_logs.error_logs WHERE app_id = $1", app
    )
    rows = await connection.fetch("SELECT day FROM error_logs.app_days WHERE app_id = $1", app)
    return {
        name: sorted((NOON.date() - row["day"]).days for row in found)
        for name, found in (("events", events), ("rows", rows))
    }


async def test_an_apps_older_days_go_whole(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In chunks; other apps and issues stay."""
    monkeypatch.setattr(budgets, "CHUNK", 2)
    await apps.create(connection, NewApp("chat"), COMMAND)
    await apps.create(connection, NewApp("shop"), COMMAND)
    await apps.change(connection, "chat", AppChange(settings={"retentionDays": 7}), COMMAND)
    for app in ("chat", "shop"):
        await add_days(connection, app, [0, 5, 6, 7, 20], each=5)
    await ages.expire(connection, MONTH, NOW)
    assert await days_left(connection, "chat") == {"events": [0, 5, 6], "rows": [0, 5, 6]}
    assert await days_left(connection, "shop") == {
        "events": [0, 5, 6, 7, 20], "rows": [0, 5, 6, 7, 20],
    }  # fmt: skip
    assert await connection.fetchval("SELECT count(*) FROM error_logs.issues") == 2


@pytest.mark.parametrize("kept", [0, 30, 365])
async def test_no_app_keeps_longer_than_the_server_nor_shorter_without_a_setting(
    connection: Connection, kept: int
) -> None:
    await apps.create(connection, NewApp("chat"), COMMAND)
    await apps.change(connection, "chat", AppChange(settings={"retentionDays": kept}), COMMAND)
    await add_days(connection, "chat", [0, 20])
    await ages.expire(connection, MONTH, NOW)
    assert (await days_left(connection, "chat"))["events"] == [0, 20]


async def test_a_day_with_an_event_that_just_came_is_not_forgotten(connection: Connection) -> None:
    """The event is late, and its batch was not there when the day was looked through."""
    await add_days(connection, "chat", [9])
    day = (NOON - 9 * DAY).date()
    await budgets.delete_day(connection, "chat", day)
    await connection.execute("UPDATE error_logs.app_days SET events = 1, bytes = 100")
    await budgets.forget_app_day(connection, "chat", day)
    assert (await days_left(connection, "chat"))["rows"] == [9]


async def test_dropped_partitions_take_their_days_along(connection: Connection) -> None:
    await add_days(connection, "chat", [0, 29, 30, 40])
    await ages.keep_partitions(connection, MONTH, NOW)
    assert await days_left(connection, "chat") == {"events": [0, 29], "rows": [0, 29]}


async def test_a_clock_ahead_of_postgresqls_drops_nothing(connection: Connection) -> None:
    await add_days(connection, "chat", [27])
    await apps.create(connection, NewApp("chat"), COMMAND)
    await apps.change(connection, "chat", AppChange(settings={"retentionDays": 29}), COMMAND)
    await ages.keep_partitions(connection, MONTH, NOW + 400 * DAY)
    await ages.expire(connection, MONTH, NOW + 400 * DAY)
    assert (await days_left(connection, "chat"))["events"] == [27]


async def test_dead_rows_are_cleaned_up_before_they_are_many(connection: Connection) -> None:
    await partitions.ensure(connection, {NOON.date()})
    options = await connection.fetchval(
        "SELECT reloptions FROM pg_class WHERE relname = $1", f"error_logs_{NOON:%Y%m%d}"
    )
    assert "autovacuum_vacuum_scale_factor=0.05" in options


OLD = NOW.replace(minute=0, second=0, microsecond=0) - 3 * DAY


async def add_lines(connection: Connection, start: datetime, minutes: int) -> None:
    for n in range(minutes):
        for outcome, count in (("stored", n + 1), ("quota", 1)):
            await add(
                connection, "outcomes", app_id="chat" if n % 2 else "", outcome=outcome,
                minute=start + timedelta(minutes=n), count=count,
            )  # fmt: skip


async def sums(connection: Connection) -> list[tuple[object, ...]]:
    rows = await connection.fetch(
        "SELECT app_id, outcome, date_trunc('hour', minute, 'UTC') AS hour, sum(count) AS count "
        "FROM error_logs.outcomes GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in rows]


async def minutes(connection: Connection) -> list[datetime]:
    rows = await connection.fetch("SELECT DISTINCT minute FROM error_logs.outcomes ORDER BY 1")
    return [row["minute"] for row in rows]


@pytest.mark.parametrize("chunk", [1, 7, 5000])
async def test_minutes_become_hours_and_nothing_is_lost_or_doubled(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(usage, "CHUNK", chunk)
    await add_lines(connection, OLD - timedelta(minutes=30), 45)
    await add_lines(connection, NOW.replace(second=0, microsecond=0), 2)
    before = await sums(connection)
    for _ in range(2):
        await ledger.roll_up(connection, NOW)
        assert await sums(connection) == before
    assert (await minutes(connection))[:2] == [OLD - timedelta(hours=1), OLD]
    assert len(await minutes(connection)) == 4


async def test_a_batch_that_adds_to_an_old_minute_meanwhile_counts(
    migrated_dsn: str, connection: Connection
) -> None:
    """PostgreSQL was away for days: the digest adds what the spool held."""
    await add_lines(connection, OLD + timedelta(minutes=5), 1)
    digest = await connect(migrated_dsn)
    batch = digest.transaction()
    await batch.start()
    await digest.execute("UPDATE error_logs.outcomes SET count = count + 100")
    rolling = asyncio.create_task(usage.roll_up(connection, "", OLD + DAY))
    await asyncio.sleep(0.1)
    assert not rolling.done()
    await batch.commit()
    assert await rolling == 2
    assert {row[3] for row in await sums(connection)} == {101}
    await digest.close()


async def test_hours_older_than_a_year_and_a_month_go(connection: Connection) -> None:
    await add_lines(connection, NOW - timedelta(days=401), 3)
    await add_lines(connection, OLD, 1)
    await ledger.roll_up(connection, NOW)
    assert await minutes(connection) == [OLD]


async def run_for(jobs: Sequence[Job], dsn: str, until: asyncio.Event) -> None:
    """The loop over these jobs until something happened."""
    leader = Leader(partial(connect, dsn), Lock.RETENTION)
    task = asyncio.create_task(work(leader, jobs))
    await asyncio.wait_for(until.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("a mistake of ours")])
async def test_a_job_that_fails_does_not_stop_the_others(
    connection: Connection, migrated_dsn: str, error: Exception
) -> None:
    """It is counted, and the page about the system names its class."""
    done = asyncio.Event()

    async def fail(_: Connection) -> None:
        raise error

    async def succeed(_: Connection) -> None:
        done.set()

    counters = (meters.unexpected.labels("retention"), meters.database_failures.labels("first"))
    before = sum(counter._value.get() for counter in counters)
    await run_for([Job("first", 60, fail), Job("second", 60, succeed)], migrated_dsn, done)
    assert sum(counter._value.get() for counter in counters) == before + 1
    noted = {job.name: job.error for job in (await system.look(connection)).jobs}
    assert noted["first"] == type(error).__name__


async def test_a_job_whose_connection_breaks_leaves_a_new_one_to_the_next(
    migrated_dsn: str,
) -> None:
    done = asyncio.Event()

    async def broken(connection: Connection) -> None:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async def next_one(connection: Connection) -> None:
        await connection.fetchval("SELECT 1")
        done.set()

    await run_for([Job("first", 60, broken), Job("second", 60, next_one)], migrated_dsn, done)


async def test_one_node_at_a_time(migrated_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the leader goes, another takes over."""
    monkeypatch.setattr(run, "LEAD_POLL_S", 0.01)
    first = Leader(partial(connect, migrated_dsn), Lock.RETENTION)
    assert await first.connection() is not None
    done = asyncio.Event()

    async def job(_: Connection) -> None:
        done.set()

    second = Leader(partial(connect, migrated_dsn), Lock.RETENTION)
    task = asyncio.create_task(work(second, [Job("job", 60, job)]))
    await asyncio.sleep(0.3)
    assert not done.is_set()
    first.resign()
    await asyncio.wait_for(done.wait(), 20)
    task.cancel()


async def test_it_stops_amid_a_long_statement(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever runs is left: it is in a transaction."""
    began, stopping = asyncio.Event(), asyncio.Event()

    async def long(connection: Connection) -> None:
        began.set()
        await connection.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(run, "jobs", lambda _: [Job("long", 60, long)])
    task = asyncio.create_task(run.run(partial(connect, migrated_dsn), Settings(), stopping))
    await began.wait()
    stopping.set()
    await asyncio.wait_for(task, 20)
