"""Alerts on their way to receivers that take them, refuse them, are slow, or are away."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

import stories
from alerting import (
    add_alert,
    add_channel,
    deliveries_of,
    delivering,
    hurry,
    settings_of,
    states,
    until,
)
from mana_errors import meters
from mana_errors.alerts import channels as kinds
from mana_errors.alerts import retry, send
from mana_errors.alerts.channels import slack
from mana_errors.alerts.channels.webhook import WebhookBody
from mana_errors.alerts.client import Client, taken
from mana_errors.alerts.message import MAX_TOLD, Message, Receipt
from mana_errors.alerts.network import Networks
from mana_errors.alerts.retry import MAX_FAILURES, PEOPLE_A_MINUTE
from mana_errors.errors import Unreachable
from mana_errors.model.channel import Email, Slack
from mana_errors.model.ids import uuid7
from mana_errors.store import channels, db, deliveries, delivery_ledger
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from receivers import answers, hangs, receiving
from rows import add_issue


async def test_an_alert_leaves_at_once(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    issue = await add_issue(connection, trend=5)
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        alert = await add_alert(connection, [channel], issue)
        await until(lambda: receiver.got, "a message")
        await until(lambda: _are(connection, channel, ["sent"]), "it is sent")
    body = msgspec.json.decode(receiver.got[0].body, type=WebhookBody)
    (told,) = body.data.alerts
    assert (body.type, told.id, told.app, told.issue_id) == ("alerts", alert, "chat", issue)
    assert told.issue is not None
    assert told.issue.title == "TypeError: no such thing"
    assert told.url.endswith(f"/issues/{issue}")
    assert told.trend == (0,) * 23 + (5,)
    assert "/act/" in told.resolve_url
    assert told.resolve_url != told.ignore_url
    (row,) = await deliveries_of(connection, channel)
    assert receiver.got[0].headers["webhook-id"] == str(row["message_id"])
    assert (row["detail"], row["attempts"]) == ("HTTP 200: ok", 1)


async def test_what_fails_for_now_is_tried_again_as_the_same_message(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        receiver.plan = [answers("503 Away", "soon"), answers("500 Oops")]
        await add_alert(connection, [channel])
        for tries in (1, 2):
            await until(lambda n=tries: _tried(connection, channel, n), "a try")
            assert (await states(connection, channel)) == ["waiting"]
            await hurry(connection)
        await until(lambda: _are(connection, channel, ["sent"]), "it is sent")
        await add_alert(connection, [channel])
        await until(lambda: _are(connection, channel, ["sent", "sent"]), "both are sent")
    *same, other = receiver.got
    assert len(same) == 3
    # links in it are signed, not random: the body is the same at each try
    assert len({(got.headers["webhook-id"], got.body) for got in same}) == 1
    assert other.headers["webhook-id"] != same[0].headers["webhook-id"]


async def test_what_is_refused_is_dead_and_can_go_again(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        receiver.plan = [answers("410 Gone", "no more")]
        await add_alert(connection, [channel])
        await until(lambda: _are(connection, channel, ["dead"]), "it is dead")
        (row,) = await deliveries_of(connection, channel)
        assert row["detail"] == "HTTP 410: no more"
        await delivery_ledger.retry(connection, row["id"], COMMAND)
        await until(lambda: _are(connection, channel, ["sent"]), "it is sent")


async def test_a_secret_of_another_key_waits_for_its_key(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        channel = await add_channel(connection, receiver.url)
        await add_alert(connection, [channel])
        async with delivering(migrated_dsn, settings_of(tmp_path, secret_key="x" * 32)):
            await until(lambda: _tried(connection, channel, 1), "a try")
        (row,) = await deliveries_of(connection, channel)
        assert row["state"] == "waiting"
        assert "MANA_ERRORS_SECRET_KEY" in row["detail"]
        await hurry(connection)
        async with delivering(migrated_dsn, settings_of(tmp_path)):
            await until(lambda: _are(connection, channel, ["sent"]), "it is sent")


async def test_old_news_are_given_up(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        receiver.answer = answers("503 Away")
        await add_alert(connection, [channel])
        await until(lambda: _detail(connection, channel, "HTTP 503"), "a try")
        # a day passes
        (row,) = await deliveries_of(connection, channel)
        old = row["message_id"].int - (25 * 3600 * 1000 << 80)
        await connection.execute("UPDATE error_logs.deliveries SET message_id = $1", UUID(int=old))
        await hurry(connection)
        await until(lambda: _are(connection, channel, ["dead"]), "it is given up")


async def test_what_no_try_ends_is_given_up(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """So that it does not hold up its channel for ever: a mistake of ours, or what kills us."""
    async with receiving() as receiver:
        channel = await add_channel(connection, receiver.url)
        broken = await add_alert(connection, [channel])
        await connection.execute("UPDATE error_logs.alerts SET body = '{}' WHERE id = $1", broken)
        await connection.execute(
            "UPDATE error_logs.deliveries SET attempts = $1, message_id = $2",
            retry.MAX_ATTEMPTS, uuid7(),
        )  # fmt: skip
        await add_alert(connection, [channel])
        async with delivering(migrated_dsn, settings_of(tmp_path)):
            await until(lambda: _are(connection, channel, ["dead", "sent"]), "both are ended")
    assert (await deliveries_of(connection, channel))[0]["detail"] == "no try came to an end"


async def test_a_channel_that_cannot_be_read_holds_up_no_other(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """As one that a later release made. What it should tell waits for that release."""
    async with receiving() as receiver:
        unknown = await add_channel(connection, receiver.url)
        channel = await add_channel(connection, receiver.url)
        await connection.execute(
            """UPDATE error_logs.channels SET target = '{"kind": "pigeon"}' WHERE id = $1""",
            unknown,
        )
        await add_alert(connection, [unknown, channel])
        before = _mistakes()
        async with delivering(migrated_dsn, settings_of(tmp_path)):
            await until(lambda: _are(connection, channel, ["sent"]), "it is sent")
    assert await states(connection, unknown) == ["waiting"]
    assert _mistakes() == before + 1


async def test_what_is_missing_on_this_machine_is_no_word_of_the_receiver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is tried again, and counted: whoever mends the server loses no alert."""
    monkeypatch.setitem(sys.modules, slack.__name__, None)
    before, settings = _mistakes(), settings_of(tmp_path)
    route = send.Route("https://hooks.example/x", Client(Networks(())), settings)
    with pytest.raises(Unreachable, match="a mistake of ours: ModuleNotFoundError"):
        await send.send_once(Slack(), stories.CASES["new"], route)
    assert _mistakes() == before + 1


async def test_channels_that_take_nothing_are_skipped_with_a_reason(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    off = await add_channel(connection, "http://127.0.0.1:9/")
    gone = await add_channel(connection, "http://127.0.0.1:9/")
    mail = await add_channel(connection, Email(("a@example.org",)), "")
    await connection.execute("UPDATE error_logs.channels SET enabled = false WHERE id = $1", off)
    await channels.delete(connection, gone, COMMAND)
    await add_alert(connection, [off, gone, mail, never := uuid4()])
    async with delivering(migrated_dsn, settings_of(tmp_path)):
        for channel, why in {
            off: "off", gone: "deleted", never: "deleted", mail: "MANA_ERRORS_SMTP_URL",
        }.items():  # fmt: skip
            await until(lambda c=channel: _are(connection, c, ["skipped"]), "it is skipped")
            assert why in (await deliveries_of(connection, channel))[0]["detail"]


async def test_what_was_sent_meanwhile_is_not_skipped(
    connection: Connection, migrated_dsn: str
) -> None:
    """Another server sent it before its channel was turned off."""
    channel = await add_channel(connection, "http://127.0.0.1:9/")
    await connection.execute("UPDATE error_logs.channels SET enabled = false")
    await add_alert(connection, [channel])
    async with _connected(migrated_dsn) as other:
        async with connection.transaction():
            await connection.execute("UPDATE error_logs.deliveries SET state = 'sent'")
            skipping = asyncio.create_task(deliveries.skip(other, email=False))
            await _waits(connection, other)
        assert await skipping == []
    assert await states(connection, channel) == ["sent"]


async def test_a_channel_that_has_nothing_after_all_is_not_held(
    connection: Connection, migrated_dsn: str
) -> None:
    """What was due when it was claimed was skipped before it was picked."""
    channel = await add_channel(connection, "http://127.0.0.1:9/")
    await add_alert(connection, [channel])
    async with _connected(migrated_dsn) as other:
        async with connection.transaction():
            await connection.execute("UPDATE error_logs.deliveries SET state = 'skipped'")
            claiming = asyncio.create_task(_claim(other))
            await _waits(connection, other)
        assert await claiming == []
        await add_alert(connection, [channel])
        assert await _claim(other) == [channel]


async def test_more_than_the_rate_is_told_together(
    connection: Connection, migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a channel for people, by way of a webhook."""
    monkeypatch.setitem(retry.TOGETHER, "webhook", retry.MAX_TOGETHER)
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        for count in range(PEOPLE_A_MINUTE // 2):
            await add_alert(connection, [channel])
            await until(lambda n=count: len(receiver.got) == n + 1, "a message at once")
        for _ in range(MAX_TOLD + 37):
            await add_alert(connection, [channel])
        sql = "SELECT next_at > now() + interval '5 s' FROM error_logs.channels WHERE id = $1"
        await until(lambda: connection.fetchval(sql, channel), "it must wait")
        assert len(receiver.got) == PEOPLE_A_MINUTE // 2
        await hurry(connection)
        await until(lambda: len(receiver.got) == PEOPLE_A_MINUTE // 2 + 1, "a digest")
    body = msgspec.json.decode(receiver.got[-1].body, type=WebhookBody)
    assert (len(body.data.alerts), body.data.more) == (MAX_TOLD, 37)


async def test_what_tells_of_several_issues_begins_no_thread(
    connection: Connection, migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each issue's next message continues its own."""
    one, other = uuid4(), uuid4()
    async with receiving() as receiver:
        monkeypatch.setattr(slack, "API", receiver.url)
        channel = await add_channel(connection, Slack("C1"), "xoxb-1234567890-abc")
        for count, issues in enumerate(([one], [one, other], [one], [other]), start=1):
            receiver.answer = answers("200 OK", f'{{"ok": true, "ts": "{count}"}}')
            for issue in issues:
                await add_alert(connection, [channel], issue)
            async with delivering(migrated_dsn, settings_of(tmp_path)):
                await until(lambda: _all_sent(connection, channel), "it is sent")
    threads = [msgspec.json.decode(got.body).get("thread_ts") for got in receiver.got]
    assert threads == [None, None, "1", None]


async def test_a_receiver_that_asks_for_time_gets_it(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        receiver.plan = [answers("429 Slow", "", "Retry-After: 1800")]
        await add_alert(connection, [channel])
        await until(lambda: _detail(connection, channel, "HTTP 429"), "a try")
        row = await connection.fetchrow(
            "SELECT due_at - now() > interval '29 min' AS delivery, next_at - now() > "
            "interval '29 min' AS channel FROM error_logs.deliveries, error_logs.channels c "
            "WHERE c.id = $1",
            channel,
        )
    assert row is not None
    assert dict(row) == {"delivery": True, "channel": True}


async def test_a_channel_that_fails_rests_then_one_message_tries(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    async with receiving() as receiver, delivering(migrated_dsn, settings_of(tmp_path)):
        channel = await add_channel(connection, receiver.url)
        receiver.answer = answers("500 Oops")
        for count in range(MAX_FAILURES):
            await add_alert(connection, [channel])
            # on a slow machine the first is tried again meanwhile, and counts, too
            await until(lambda n=count: _has_failed(connection, channel, n + 1), "a failure")
        assert (await channels.find(connection, channel)).paused_until is not None
        await add_alert(connection, [channel])
        # half-open: it failed again, and rests longer
        before = len(receiver.got)
        await connection.execute("UPDATE error_logs.channels SET paused_until = now()")
        await until(lambda: _failures(connection, channel, MAX_FAILURES + 1), "another try")
        await asyncio.sleep(1.5)
        assert len(receiver.got) == before + 1
        # it works again
        receiver.answer = answers("200 OK")
        await hurry(connection)
        await until(lambda: _failures(connection, channel, 0), "it works")
        assert (await channels.find(connection, channel)).paused_until is None
        await hurry(connection)
        await until(lambda: _all_sent(connection, channel), "all are sent")


async def test_slow_receivers_hold_up_nobody(
    connection: Connection, migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "TRY_S", 3.0)
    async with receiving() as slow, receiving() as quick:
        slow.answer = hangs
        hanging = [await add_channel(connection, slow.url) for _ in range(10)]
        channel = await add_channel(connection, quick.url)
        await add_alert(connection, [*hanging, channel])
        async with delivering(migrated_dsn, settings_of(tmp_path)):
            await until(lambda: _are(connection, channel, ["sent"]), "the quick one has it")
            assert await states(connection, hanging[0]) == ["waiting"]
            await until(lambda: _detail(connection, hanging[0], "no answer within"), "time is up")


async def test_the_ledger_has_no_secrets(
    connection: Connection, migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that repeats the URL, and a client that would tell it."""
    async with receiving() as receiver:
        secret = f"http://127.0.0.1:{receiver.port}/services/T012345678/s3cr3t-t0k3n"

        class Module:
            """What a kind's module does."""

            @staticmethod
            def make(_target: object, url: str, client: Client, _settings: object) -> object:
                async def send_it(_: Message) -> Receipt:
                    return Receipt(taken(await client.post(url, b"", {})))

                return send_it

        monkeypatch.setattr(kinds, "import_module", lambda _: Module)
        channel = await add_channel(connection, Slack(), secret)
        for answer in ("200 OK", "400 Bad", "500 Oops"):
            receiver.plan.append(answers(answer, f"you sent {secret} s3cr3t-t0k3n"))
        async with delivering(migrated_dsn, settings_of(tmp_path)):
            for count in range(3):
                await add_alert(connection, [channel])
                await until(lambda n=count: len(receiver.got) == n + 1, "a try")
                await until(lambda: _detail(connection, channel, "HTTP"), "a record")
    rows = await connection.fetch("SELECT detail FROM error_logs.deliveries")
    assert all("s3cr3t" not in row["detail"] and "T0123" not in row["detail"] for row in rows)
    assert all("***" in row["detail"] for row in rows)
    stored = await connection.fetchval(
        "SELECT secrets FROM error_logs.channels WHERE id = $1", channel
    )
    assert b"s3cr3t" not in stored


async def test_several_deliverers_never_send_twice(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)

    async def slow(writer: asyncio.StreamWriter) -> None:
        # so that each looks while another sends
        await asyncio.sleep(1.2)
        await answers("200 OK")(writer)

    async with receiving() as receiver:
        receiver.answer = slow
        hooks = [await add_channel(connection, receiver.url) for _ in range(5)]
        async with (
            delivering(migrated_dsn, settings),
            delivering(migrated_dsn, settings),
            delivering(migrated_dsn, settings),
        ):
            made = [await add_alert(connection, hooks) for _ in range(60)]
            for channel in hooks:
                await until(lambda c=channel: _all_sent(connection, c), "all are sent")
    told = [
        alert.id
        for got in receiver.got
        for alert in msgspec.json.decode(got.body, type=WebhookBody).data.alerts
    ]
    assert sorted(told) == sorted(made * 5)


def _mistakes() -> float:
    """Those of delivery that were counted."""
    return meters.unexpected.labels("deliver")._value.get()


async def _are(connection: Connection, channel_id: UUID, wanted: list[str]) -> bool:
    return await states(connection, channel_id) == wanted


async def _tried(connection: Connection, channel_id: UUID, tries: int) -> bool:
    """It failed so often, and that is written down."""
    row = (await deliveries_of(connection, channel_id))[0]
    return row["attempts"] == tries and await _failures(connection, channel_id, tries)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    connection = await db.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _claim(connection: Connection) -> list[UUID]:
    claimed = await deliveries.claim(
        connection, most=1, lease=timedelta(minutes=1), busy=(), together=retry.TOGETHER
    )
    return [channel.id for channel in claimed]


async def _waits(connection: Connection, other: Connection) -> None:
    waits = "SELECT count(*) FROM pg_locks WHERE pid = $1 AND NOT granted"
    pid = other.get_server_pid()
    await until(lambda: connection.fetchval(waits, pid), "it waits for a row")


async def _all_sent(connection: Connection, channel_id: UUID) -> bool:
    return set(await states(connection, channel_id)) == {"sent"}


async def _detail(connection: Connection, channel_id: UUID, begin: str) -> bool:
    rows = await deliveries_of(connection, channel_id)
    tried = [row["detail"] for row in rows if row["attempts"]]
    return bool(tried) and all(detail.startswith(begin) for detail in tried)


async def _has_failed(connection: Connection, channel_id: UUID, at_least: int) -> bool:
    sql = "SELECT failures FROM error_logs.channels WHERE id = $1 AND busy_until IS NULL"
    return (await connection.fetchval(sql, channel_id) or 0) >= at_least


async def _failures(connection: Connection, channel_id: UUID, count: int) -> bool:
    sql = "SELECT failures FROM error_logs.channels WHERE id = $1 AND busy_until IS NULL"
    return await connection.fetchval(sql, channel_id) == count
