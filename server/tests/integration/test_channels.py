"""Channels of services, against a receiver that answers as they do."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

import stories
from mana_errors.alerts.channels import apprise, discord, pagerduty, slack, teams, telegram
from mana_errors.alerts.client import Client
from mana_errors.alerts.network import Networks
from mana_errors.config import load_settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Apprise, Discord, PagerDuty, Slack, Target, Teams, Telegram
from receivers import Receiver, answers, receiving

TOKEN = "xoxb-1234567890-abc"
BOT = "123456789:AAExampleToken"
KEY = "R0123456789abcdefghijklmnopqrstu"
CLIENT = Client(Networks(["127.0.0.0/8"]))
SETTINGS = load_settings({"MANA_ERRORS_ALERT_NETWORKS": "127.0.0.0/8"})
NEW = stories.CASES["new"]
BACK = stories.message(stories.story(), thread="1717.0001")


class Service(Receiver):
    """A receiver that speaks JSON."""

    @property
    def base(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sent(self) -> list[tuple[str, dict[str, str], Any]]:
        """Path, headers and body of what it got."""
        return [(got.line.split()[1], got.headers, json.loads(got.body)) for got in self.got]

    def says(self, status: int, body: object = None, *headers: str) -> None:
        """To whatever comes from now on."""
        text = "" if body is None else json.dumps(body)
        self.answer = answers(f"{status} x", text, *headers)


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """In the place of all services."""
    async with receiving(Service) as made:
        monkeypatch.setattr(slack, "API", f"{made.base}/chat.postMessage")
        monkeypatch.setattr(telegram, "API", made.base)
        monkeypatch.setattr(pagerduty, "API", f"{made.base}/v2/enqueue")
        monkeypatch.setattr(pagerduty, "API_EU", f"{made.base}/eu/v2/enqueue")
        yield made


async def test_a_slack_webhook_gets_blocks(service: Service) -> None:
    """Its URL is the secret: it is not in the receipt."""
    receipt = await slack.make(Slack(), service.base, CLIENT, SETTINGS)(NEW)
    assert (receipt.detail, receipt.thread) == ("HTTP 200: ok", None)
    path, headers, body = service.sent[0]
    assert path == "/"
    assert headers["content-type"].startswith("application/json")
    assert body == slack.compose(NEW, "en")


async def test_a_slack_bot_keeps_an_issue_in_one_thread(service: Service) -> None:
    """The first message begins it, later ones answer the first."""
    service.says(200, {"ok": True, "ts": "1717.0001", "channel": "C1"})
    send = slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)
    assert (await send(NEW)).thread == "1717.0001"
    service.says(200, {"ok": True, "ts": "1717.0002"})
    assert (await send(BACK)).thread == "1717.0001"
    first, second = (body for _, _, body in service.sent)
    assert (first["channel"], first.get("thread_ts")) == ("C1", None)
    assert second["thread_ts"] == "1717.0001"
    assert service.sent[0][1]["authorization"] == f"Bearer {TOKEN}"


async def test_a_slack_thread_that_is_gone_begins_anew(service: Service) -> None:
    """Somebody deleted its first message."""
    service.plan = [
        answers("200 OK", '{"ok":false,"error":"thread_not_found"}'),
        answers("200 OK", '{"ok":true,"ts":"1717.0003"}'),
    ]
    receipt = await slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)(BACK)
    assert [body.get("thread_ts") for _, _, body in service.sent] == ["1717.0001", None]
    assert receipt.thread == "1717.0003"


@pytest.mark.parametrize(
    ("error", "raised"),
    [("channel_not_found", Refused), ("invalid_auth", Refused), ("ratelimited", Unreachable),
     ("internal_error", Unreachable), ("invalid_blocks", Refused)],
)  # fmt: skip
async def test_slack_answers_200_to_what_it_refuses(
    service: Service, error: str, raised: type[Exception]
) -> None:
    """What passes is tried again, the rest is not."""
    service.says(200, {"ok": False, "error": error})
    with pytest.raises(raised, match=error):
        await slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)(NEW)


async def test_a_busy_slack_is_asked_again_when_it_says(service: Service) -> None:
    """Retry-After."""
    service.says(429, {"ok": False, "error": "ratelimited"}, "Retry-After: 30")
    with pytest.raises(Unreachable) as caught:
        await slack.make(Slack("C1"), TOKEN, CLIENT, SETTINGS)(NEW)
    assert caught.value.retry_after_s == 30


async def test_telegram_answers_the_first_message_of_an_issue(service: Service) -> None:
    """The bot's token is in the path and nowhere else."""
    service.says(200, {"ok": True, "result": {"message_id": 77}})
    send = telegram.make(Telegram("-100"), BOT, CLIENT, SETTINGS)
    assert (await send(NEW)).thread == "77"
    await send(stories.message(stories.story(), thread="77"))
    assert service.sent[0][0] == f"/bot{BOT}/sendMessage"
    assert service.sent[1][2]["reply_parameters"]["message_id"] == 77


async def test_a_busy_telegram_says_in_its_body_when_to_come(service: Service) -> None:
    """parameters.retry_after."""
    service.says(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 14}})
    with pytest.raises(Unreachable) as caught:
        await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)
    assert caught.value.retry_after_s == 14


async def test_a_telegram_chat_that_is_none_is_final(service: Service) -> None:
    """And the token is not told."""
    service.says(400, {"ok": False, "description": f"Bad Request: chat not found {BOT}"})
    with pytest.raises(Refused, match="chat not found") as caught:
        await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)
    assert BOT not in str(caught.value)


async def test_telegram_answers_that_are_odd(service: Service) -> None:
    """A proxy's page is no message."""
    service.says(200, {"ok": True, "result": []})
    assert (await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)).thread is None
    service.says(429, {"parameters": {"retry_after": "soon"}})
    with pytest.raises(Unreachable):
        await telegram.make(Telegram("1"), BOT, CLIENT, SETTINGS)(NEW)


async def test_discord_and_teams_take_it(service: Service) -> None:
    """204 and 202, as they answer."""
    service.says(204)
    await discord.make(Discord(), f"{service.base}/api/webhooks/1/x", CLIENT, SETTINGS)(NEW)
    service.says(202)
    receipt = await teams.make(Teams(), f"{service.base}/workflows/x", CLIENT, SETTINGS)(NEW)
    assert receipt.detail == "HTTP 202"
    assert [path for path, _, _ in service.sent] == ["/api/webhooks/1/x", "/workflows/x"]
    assert service.sent[1][2] == teams.compose(NEW, "en")


async def test_pagerduty_gets_an_event_a_story(service: Service) -> None:
    """With the routing key, in the region that was chosen."""
    service.says(202, {"status": "success"})
    digest = stories.CASES["digest"]
    await pagerduty.make(PagerDuty(eu=True), KEY, CLIENT, SETTINGS)(digest)
    assert {path for path, _, _ in service.sent} == {"/eu/v2/enqueue"}
    assert {body["routing_key"] for _, _, body in service.sent} == {KEY}
    assert len({body["dedup_key"] for _, _, body in service.sent}) == len(digest.stories)
    assert service.sent[-1][2]["payload"]["custom_details"]["more"] == 37


async def test_apprise_reaches_its_services(service: Service) -> None:
    """By a service of it that takes JSON."""
    url = service.base.replace("http://", "json://")
    receipt = await apprise.make(Apprise(), f"{url}/hook", CLIENT, SETTINGS)(NEW)
    assert receipt.detail == "sent"
    path, _, body = service.sent[0]
    assert path == "/hook"
    assert (body["title"], body["message"], body["type"]) == apprise.compose(NEW, "en")


@pytest.mark.parametrize(
    ("status", "raised"), [(404, Refused), (409, Unreachable), (503, Unreachable)]
)
async def test_apprise_tells_final_from_passing(
    service: Service, status: int, raised: type[Exception]
) -> None:
    """By the status that it logs; the URL is not told."""
    service.says(status)
    url = service.base.replace("http://", "json://user:hush@")
    with pytest.raises(raised, match=f"HTTP {status}") as caught:
        await apprise.make(Apprise(), url, CLIENT, SETTINGS)(NEW)
    assert "hush" not in str(caught.value)


async def test_apprise_goes_to_public_addresses_alone(service: Service) -> None:
    """Unless a setting allows more."""
    url = service.base.replace("http://", "json://")
    with pytest.raises(Refused, match="not public"):
        await apprise.make(Apprise(), url, CLIENT, load_settings({}))(NEW)
    assert not service.sent


@pytest.mark.parametrize(
    "url", ["syslog://localhost", "json://127.0.0.1:9;syslog://", "nothing://x"]
)
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


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "ThreadPoolExecutor().submit(socket.create_connection, ('10.0.0.1', 9)).result()",
        "socket.socket(socket.AF_UNIX).connect('/dev/log')",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "subprocess.run(['true'])",
        "syslog.openlog('x')",
        "syslog.syslog('x')",
    ],
)
def test_the_process_of_apprise_goes_nowhere_else(attempt: str) -> None:
    """Whatever code of it tries, in whichever thread."""
    program = f"""
import socket, subprocess, syslog
from concurrent.futures import ThreadPoolExecutor
from mana_errors.alerts import apprise_program
from mana_errors.alerts.network import Networks
refused = apprise_program._watch(Networks(()))
try:
    {attempt}
except Exception:
    print(len(refused))
"""
    run = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr
