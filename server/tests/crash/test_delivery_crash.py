"""The process that sends alerts is killed while it does."""

import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import msgspec

from alerting import KEY, add_alert, add_channel, until
from harness import Server, lives
from mana_errors.alerts.channels.webhook import WebhookBody
from mana_errors.store import db
from receivers import receiving

ALERTS, HOOKS, KILLS = 60, 4, 6


async def test_kill_9_loses_no_alert(
    migrated_dsn: str, start_server: Callable[..., Server]
) -> None:
    connection = await db.connect(migrated_dsn)
    async with receiving() as receiver, contextlib.AsyncExitStack() as ends:
        ends.push_async_callback(connection.close)
        hooks = [await add_channel(connection, receiver.url) for _ in range(HOOKS)]
        server = start_server(
            DATABASE_URL=migrated_dsn, MANA_ERRORS_SECRET_KEY=KEY,
            MANA_ERRORS_ALERT_NETWORKS="127.0.0.0/8",
        )  # fmt: skip
        made: list[UUID] = []
        for _ in range(KILLS):
            made += [await add_alert(connection, hooks) for _ in range(ALERTS // KILLS)]
            got = len(receiver.got) + random.randrange(3)
            await until(lambda n=got: len(receiver.got) >= n, "it sends")
            pid = server.children("alerts")["alerts"]
            os.kill(pid, signal.SIGKILL)
            await until(lambda p=pid: not lives(p), "it is dead")
            # a dead server is waited for; a minute passes
            await connection.execute("UPDATE error_logs.channels SET busy_until = now()")
            new = lambda p=pid: server.children("alerts")["alerts"] != p  # noqa: E731
            await until(new, "it is started again")
        sql = "SELECT count(*) FROM error_logs.deliveries WHERE state <> 'sent'"

        async def all_sent() -> bool:
            # the rate is no matter of this test
            await connection.execute("UPDATE error_logs.channels SET next_at = now()")
            return not await connection.fetchval(sql)

        await until(all_sent, "all are sent")
    told = Counter(
        (got.headers["webhook-id"], alert.id)
        for got in receiver.got
        for alert in msgspec.json.decode(got.body, type=WebhookBody).data.alerts
    )
    assert {alert for _, alert in told} == set(made)
    # each channel got each of them; what was in flight when it died came again, as the same message
    by_alert = Counter(alert for _, alert in told)
    assert set(by_alert.values()) == {HOOKS}
    twice = {message for (message, _), count in told.items() if count > 1}
    assert len(twice) <= KILLS * HOOKS
