"""Quotas: who is over which, until when, from the ledger as the digest writes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from harness import Server, wait_until
from mana_errors.model.app import App, Quota
from mana_errors.model.app_change import AppChange, NewApp
from mana_errors.retention.quotas import ends, evaluate
from mana_errors.store import apps
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from rows import add

NOW = datetime(2026, 11, 22, 14, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def chat(connection: Connection) -> None:
    await apps.create(connection, NewApp("chat"), COMMAND)


async def limit(connection: Connection, **settings: int) -> None:
    await apps.change(connection, "chat", AppChange(settings=settings), COMMAND)


async def used(
    connection: Connection, count: int, at: datetime = NOW, outcome: str = "stored", **more: Any
) -> None:
    values = {"app_id": "chat", "minute": at.replace(second=0), **more}
    await add(connection, "outcomes", outcome=outcome, count=count, **values)


async def evaluated(connection: Connection, now: datetime = NOW) -> App:
    await evaluate(connection, now)
    return await apps.find(connection, "chat")


@pytest.mark.parametrize(
    ("setting", "quota", "until"),
    [
        ("eventsPerHour", Quota.HOUR, datetime(2026, 11, 22, 15, tzinfo=UTC)),
        ("eventsPerDay", Quota.DAY, datetime(2026, 11, 23, tzinfo=UTC)),
        ("eventsPerMonth", Quota.MONTH, datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.usefixtures("chat")
async def test_a_used_up_quota_lasts_until_its_window_ends(
    connection: Connection, setting: str, quota: Quota, until: datetime
) -> None:
    await limit(connection, **{setting: 10})
    await used(connection, 7)
    assert (await evaluated(connection)).over is None
    await used(connection, 3, outcome="sampled")
    app = await evaluated(connection)
    assert (app.over, app.over_until) == (quota, until)
    app = await evaluated(connection, until)
    assert (app.over, app.over_until) == (None, None)


@pytest.mark.usefixtures("chat")
async def test_only_the_windows_own_events_of_this_app_that_were_taken_count(
    connection: Connection,
) -> None:
    await limit(connection, eventsPerHour=1)
    await used(connection, 5, NOW - HOUR)
    await used(connection, 5, outcome="quota")
    await used(connection, 5, outcome="filtered")
    await used(connection, 5, outcome="duplicate")
    await used(connection, 5, app_id="shop")
    assert (await evaluated(connection)).over is None


@pytest.mark.usefixtures("chat")
async def test_of_several_the_longest_counts_and_a_higher_limit_clears(
    connection: Connection,
) -> None:
    await limit(connection, eventsPerHour=1, eventsPerDay=5, eventsPerMonth=100)
    await used(connection, 5)
    assert (await evaluated(connection)).over == Quota.DAY
    await limit(connection, eventsPerDay=6)
    assert (await evaluated(connection)).over == Quota.HOUR
    await limit(connection, eventsPerHour=0)
    assert (await evaluated(connection)).over is None


@pytest.mark.usefixtures("chat")
async def test_workers_hear_of_a_change_and_of_nothing_else(connection: Connection) -> None:
    await limit(connection, eventsPerHour=5)
    await used(connection, 5)
    before = await apps.read_version(connection)
    await evaluate(connection, NOW)
    over = await apps.read_version(connection)
    await evaluate(connection, NOW)
    assert before < over == await apps.read_version(connection)


@pytest.mark.parametrize(
    ("now", "end"), [("2026-12-31T23:59", "2027-01-01"), ("2028-02-29T12:00", "2028-03-01")]
)
def test_months_end_where_they_should(now: str, end: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert ends(moment)[Quota.MONTH] == datetime.fromisoformat(end).replace(tzinfo=UTC)


def report(server: Server, message: str) -> httpx.Response:
    body = {"errorCode": "LOOP", "errorType": "Error", "message": message, "appId": "loop"}
    return httpx.post(f"{server.base_url}/api/v1/errors", json=body)


def test_a_running_server_refuses_what_is_over_and_shows_what_is_new(server: Server) -> None:
    """From the digest's ledger over the background process to the worker, within seconds."""
    assert server.cli("app", "create", "loop").returncode == 0
    assert server.cli("app", "set", "loop", "--setting", "eventsPerDay=3").returncode == 0
    for _ in range(3):
        assert report(server, "again").status_code == 201

    def refused() -> httpx.Response | None:
        answer = report(server, "again")
        return answer if answer.status_code == 429 else None

    answer = wait_until(refused, "429")
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert answer.json()["success"] is False
    assert report(server, "something new").status_code == 201
