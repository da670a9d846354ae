"""Channels of services, against a receiver that answers as they do."""

from collections.abc import Iterator
from types import ModuleType

import pytest

import stories
from mana_errors.alerts.channels import apprise, discord, pagerduty, slack, teams, telegram
from mana_errors.alerts.client import Client
from mana_errors.alerts.network import Networks
from mana_errors.config import load_settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Apprise, Discord, PagerDuty, Slack, Target, Teams, Telegram
from sinks import Sink, sink

TOKEN = "xoxb-1234567890-abc"
BOT = "123456789:AAExampleToken"
KEY = "R0123456789abcdefghijklmnopqrstu"
CLIENT = Client(Networks(["127.0.0.0/8"]))
SETTINGS = load_settings({"MANA_ERRORS_ALERT_NETWORKS": "127.0.0.0/8"})
NEW = stories.CASES["new"]
BACK = stories.message(stories.story(), thread="1717.0001")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """In the place of all services."""
    with sink() as made:
        monkeypatch.setattr(slack, "API", f"{made.url}/chat.postMessage")
        monkeypatch.setattr(telegram, "API", made.url)
        monkeypatch.setattr(pagerduty, "API", f"{made.url}/v2/enqueue")
        monkeypatch.setattr(pagerduty, "API_EU", f"{made.url}/eu/v2/enqueue")
        yield made


async def test_a_slack_webhook_gets_blocks(receiver: Sink) -> None:
    """Its URL is the secret: it is not in the receipt."""
    receipt = await slack.make(Slack(), receiver.url, CLIENT, SETTINGS)(NEW)
    assert (receipt.detail, receipt.thread) == ("HTTP 200: ok", None)
    path, headers, body = receiver.got[0]
    assert path == "/"
    assert headers["content-type"].startswith("application/json")
    assert body == slack.compose(NEW, "en")


async def test_a_slack_bot_keeps_an_issue_in_one_thread(receiver: Sink) -> None:
    """The first message begins it, later ones answer the first."""
    receiver.answer(200, {"ok": True, "ts": "1717.0001", "channel": "C1"})
    send = slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)
    assert (await send(NEW)).thread == "1717.0001"
    receiver.answer(200, {"ok": True, "ts": "1717.0002"})
    assert (await send(BACK)).thread == "1717.0001"
    first, second = (body for _, _, body in receiver.got)
    assert (first["channel"], first.get("thread_ts")) == ("C1", None)
    assert second["thread_ts"] == "1717.0001"
    assert receiver.got[0][1]["authorization"] == f"Bearer {TOKEN}"


async def test_a_slack_thread_that_is_gone_begins_anew(receiver: Sink) -> None:
    """Somebody deleted its first message."""
    receiver.answers = [
        (200, {}, b'{"ok":false,"error":"thread_not_found"}'),
        (200, {}, b'{"ok":true,"ts":"1717.0003"}'),
    ]
    receipt = await slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)(BACK)
    assert [body.get("thread_ts") for _, _, body in receiver.got] == ["1717.0001", None]
    assert receipt.thread == "1717.0003"


@pytest.mark.parametrize(
    ("error", "raised"),
    [("channel_not_found", Refused), ("invalid_auth", Refused), ("ratelimited", Unreachable),
     ("internal_error", Unreachable), ("invalid_blocks", Refused)],
)  # fmt: skip
async def test_slack_answers_200_to_what_it_refuses(
    receiver: Sink, error: str, raised: type[Exception]
) -> None:
    """What passes is tried again, the rest is not."""
    receiver.answer(200, {"ok": False, "error": error})
    with pytest.raises(raised, match=error):
        await slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)(NEW)


async def test_a_busy_slack_is_asked_again_when_it_says(receiver: Sink) -> None:
    """Retry-After."""
    receiver.answer(429, {"ok": False, "error": "ratelimited"}, retry_after="30")
    with pytest.raises(Unreachable) as caught:
        await slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)(NEW)
    assert caught.value.retry_after_s == 30


async def test_telegram_answers_the_first_message_of_an_issue(receiver: Sink) -> None:
    """The bot's token is in the path and nowhere else."""
    receiver.answer(200, {"ok": True, "result": {"message_id": 77}})
    send = telegram.make(Telegram("-100"), BOT, CLIENT, SETTINGS)
    assert (await send(NEW)).thread == "77"
    await send(stories.message(stories.story(), thread="77"))
    assert receiver.got[0][0] == f"/bot{BOT}/sendMessage"
    assert receiver.got[1][2]["reply_parameters"]["message_id"] == 77


async def test_a_busy_telegram_says_in_its_body_when_to_come(receiver: Sink) -> None:
    """parameters.retry_after."""
    receiver.answer(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 14}})
    with pytest.raises(Unreachable) as caught:
        await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)
    assert caught.value.retry_after_s == 14


async def test_a_telegram_chat_that_is_none_is_final(receiver: Sink) -> None:
    """And the token is not told."""
    receiver.answer(400, {"ok": False, "description": f"Bad Request: chat not found {BOT}"})
    with pytest.raises(Refused, match="chat not found") as caught:
        await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)
    assert BOT not in str(caught.value)


async def test_telegram_answers_that_are_odd(receiver: Sink) -> None:
    """A proxy's page is no message."""
    receiver.answer(200, {"ok": True, "result": []})
    assert (await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)).thread is None
    receiver.answer(429, {"parameters": {"retry_after": "soon"}})
    with pytest.raises(Unreachable):
        await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)


async def test_discord_and_teams_take_it(receiver: Sink) -> None:
    """204 and 202, as they answer."""
    receiver.answer(204)
    await discord.make(Discord(), f"{receiver.url}/api/webhooks/1/x", CLIENT, SETTINGS)(NEW)
    receiver.answer(202)
    receipt = await teams.make(Teams(), f"{receiver.url}/workflows/x", CLIENT, SETTINGS)(NEW)
    assert receipt.detail == "HTTP 202"
    assert [path for path, _, _ in receiver.got] == ["/api/webhooks/1/x", "/workflows/x"]
    assert receiver.got[1][2] == teams.compose(NEW, "en")


async def test_pagerduty_gets_an_event_a_story(receiver: Sink) -> None:
    """With the routing key, in the region that was chosen."""
    receiver.answer(202, {"status": "success"})
    digest = stories.CASES["digest"]
    await pagerduty.make(PagerDuty(eu=True), KEY, CLIENT, SETTINGS)(digest)
    assert {path for path, _, _ in receiver.got} == {"/eu/v2/enqueue"}
    assert {body["routing_key"] for _, _, body in receiver.got} == {KEY}
    assert len({body["dedup_key"] for _, _, body in receiver.got}) == len(digest.stories)
    assert receiver.got[-1][2]["payload"]["custom_details"]["more"] == 37


async def test_apprise_reaches_its_services(receiver: Sink) -> None:
    """By a service of it that takes JSON."""
    url = receiver.url.replace("http://", "json://")
    receipt = await apprise.make(Apprise(), f"{url}/hook", CLIENT, SETTINGS)(NEW)
    assert receipt.detail == "sent"
    path, _, body = receiver.got[0]
    assert path == "/hook"
    assert (body["title"], body["message"], body["type"]) == apprise.compose(NEW, "en")


@pytest.mark.parametrize(("status", "raised"), [(404, Refused), (503, Unreachable)])
async def test_apprise_tells_final_from_passing(
    receiver: Sink, status: int, raised: type[Exception]
) -> None:
    """By the status that it logs; the URL is not told."""
    receiver.answer(status)
    url = receiver.url.replace("http://", "json://user:hush@")
    with pytest.raises(raised, match=f"HTTP {status}") as caught:
        await apprise.make(Apprise(), url, CLIENT, SETTINGS)(NEW)
    assert "hush" not in str(caught.value)


async def test_apprise_goes_to_public_addresses_alone(receiver: Sink) -> None:
    """Unless a setting allows more."""
    url = receiver.url.replace("http://", "json://")
    with pytest.raises(Refused, match="not public"):
        await apprise.make(Apprise(), url, CLIENT, load_settings({}))(NEW)
    assert not receiver.got


@pytest.mark.parametrize("url", ["syslog://localhost", "nothing://x"])
async def test_apprise_does_not_know_everything(url: str) -> None:
    """And what it knows of this machine is not for alerts."""
    with pytest.raises(Refused, match="knows no service"):
        await apprise.make(Apprise(), url, CLIENT, SETTINGS)(NEW)


@pytest.mark.parametrize(
    ("kind", "target", "secret"),
    [
        (slack, Slack(), "hooks.slack.com/services/x"),
        (slack, Slack(), TOKEN),
        (discord, Discord(), "ftp://discord.com"),
        (teams, Teams(), ""),
        (telegram, Telegram("1"), f"{BOT}/../x"),
        (pagerduty, PagerDuty(), "short"),
        (apprise, Apprise(), "no url"),
    ],
)
def test_secrets_that_cannot_work_are_refused_at_once(
    kind: ModuleType, target: Target, secret: str
) -> None:
    """When the channel is made, not when the first alert gets lost."""
    with pytest.raises(Refused):
        kind.make(target, secret, CLIENT, SETTINGS)
