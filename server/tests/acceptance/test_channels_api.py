"""Channels, deliveries and links of messages, by the API of a running server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from alerting import add_alert, add_channel, until
from harness import Cluster, Server
from mana_errors.alerts.channels.webhook import WebhookBody
from mana_errors.alerts.links import Links
from mana_errors.config import Settings
from mana_errors.store.secrets import link_key
from people import Page
from receivers import Receiver, answers, hangs, receiving
from rows import add_issue


@pytest.fixture(scope="module")
def sending(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that may send to this machine."""
    dsn = cluster.create(template)
    environ = {"DATABASE_URL": dsn, "MANA_ERRORS_ALERT_NETWORKS": "127.0.0.0/8"}
    server = Server(tmp_path_factory.mktemp("sending") / "data", environ)
    try:
        yield server.start()
    finally:
        server.clean_up()
        cluster.drop(dsn)


@pytest.fixture
async def api(sending: Server) -> AsyncIterator[httpx.AsyncClient]:
    """As an admin."""
    headers = {"Authorization": f"Bearer {sending.token('admin')}"}
    async with httpx.AsyncClient(base_url=sending.base_url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def make(api: httpx.AsyncClient, receiver: Receiver) -> dict[str, Any]:
    """A webhook."""
    target = {"kind": "webhook", "url": receiver.url}
    answer = await api.post("/api/v1/channels", json={"name": "hook", "target": target})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_webhook_s_key_is_shown_once(api: httpx.AsyncClient, receiver: Receiver) -> None:
    made = await make(api, receiver)
    path = f"/api/v1/channels/{made['channel']['id']}"
    assert made["secret"].startswith("whsec_")
    again = await api.get(path)
    assert again.json() == made["channel"]
    listed = await api.get("/api/v1/channels?limit=100")
    audit = await api.get("/api/v1/audit?limit=100")
    assert made["secret"] not in again.text + listed.text + audit.text
    assert made["channel"] in listed.json()["items"]
    # other changes keep it, and a new one is shown
    renamed = (await api.patch(path, json={"name": "new", "enabled": False})).json()
    assert (renamed["channel"]["name"], renamed["secret"]) == ("new", None)
    renewed = (await api.patch(path, json={"renewSecret": True})).json()
    assert renewed["secret"].startswith("whsec_")
    assert renewed["secret"] != made["secret"]
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert made["channel"] not in (await api.get("/api/v1/channels?limit=100")).json()["items"]


async def test_what_cannot_work_is_said_at_once(api: httpx.AsyncClient) -> None:
    wrong = {
        "ASCII": {"target": {"kind": "webhook", "url": "ftp://a"}},
        "user name": {"target": {"kind": "webhook", "url": "https://u:p@a/"}},
        "no e-mail address": {"target": {"kind": "email", "to": ["owners", "a b@c"]}},
        "is needed": {"target": {"kind": "slack"}},
        "target.conversation": {
            "target": {"kind": "slack", "conversation": "C0\0"}, "secret": "xoxb-1234567890-abc",
        },
        "length <= 2000": {
            "target": {"kind": "slack", "conversation": "C" * 2_001}, "secret": "xoxb-1",
        },
        "none is needed": {"target": {"kind": "email", "to": ["owners"]}, "secret": "x"},
        "pagerpigeon": {"target": {"kind": "pagerpigeon"}},
    }  # fmt: skip
    for said, body in wrong.items():
        answer = await api.post("/api/v1/channels", json={"name": "x", **body})
        assert (answer.status_code, said in answer.text) == (400, True), answer.text


async def test_a_test_says_what_the_receiver_says(
    api: httpx.AsyncClient, receiver: Receiver
) -> None:
    channel = (await make(api, receiver))["channel"]["id"]
    receiver.plan = [answers("200 OK", "thanks"), answers("404 Not Found", "no hook"), hangs]
    tested = [(await api.post(f"/api/v1/channels/{channel}/test")).json() for _ in range(3)]
    assert tested == [
        {"sent": True, "detail": "HTTP 200: thanks"},
        {"sent": False, "detail": "HTTP 404: no hook"},
        {"sent": False, "detail": "no answer within 10 s"},
    ]
    assert msgspec.json.decode(receiver.got[0].body, type=WebhookBody).type == "test"
    listed = (await api.get(f"/api/v1/deliveries?channel={channel}")).json()["items"]
    assert [(one["state"], one["detail"]) for one in reversed(listed)] == [
        ("sent" if one["sent"] else "dead", one["detail"]) for one in tested
    ]
    assert (await api.post(f"/api/v1/deliveries/{listed[0]['id']}/retry")).status_code == 409


async def test_a_test_says_that_the_secret_is_another_key_s(
    sending: Server, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    channel = sending.in_database(lambda c: add_channel(c, receiver.url))
    tested = await api.post(f"/api/v1/channels/{channel}/test")
    assert tested.status_code == 200, tested.text
    assert tested.json()["sent"] is False
    assert "MANA_ERRORS_SECRET_KEY" in tested.json()["detail"]
    (kept,) = (await api.get(f"/api/v1/deliveries?channel={channel}")).json()["items"]
    assert (kept["state"], kept["detail"]) == ("dead", tested.json()["detail"])
    assert not receiver.got
    # what needs no secret can be changed; what does asks for it
    path = f"/api/v1/channels/{channel}"
    quiet = await api.patch(path, json={"name": "quiet", "enabled": False})
    assert (quiet.status_code, quiet.json()["channel"]["enabled"]) == (200, False)
    moved = {"target": {"kind": "webhook", "url": "https://elsewhere.example/"}}
    refused = await api.patch(path, json=moved)
    assert (refused.status_code, "give it anew" in refused.text) == (409, True), refused.text
    assert (await api.patch(path, json={**moved, "renewSecret": True})).status_code == 200


async def test_private_addresses_are_refused_unless_allowed(
    api: httpx.AsyncClient, receiver: Receiver
) -> None:
    target = {"kind": "webhook", "url": f"http://[::1]:{receiver.port}/"}
    made = await api.post("/api/v1/channels", json={"name": "own", "target": target})
    tested = await api.post(f"/api/v1/channels/{made.json()['channel']['id']}/test")
    assert tested.json()["sent"] is False
    assert "MANA_ERRORS_ALERT_NETWORKS" in tested.json()["detail"]
    assert not receiver.got


async def test_an_alert_reaches_a_webhook_and_is_answered_once(
    sending: Server, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    channel = (await make(api, receiver))["channel"]["id"]
    body, issue = await deliver(sending, api, receiver, channel)
    (told,) = body.data.alerts
    resolve, ignore = (
        f"/act/{url.rpartition('/')[2]}" for url in (told.resolve_url, told.ignore_url)
    )
    browser = httpx.AsyncClient(base_url=sending.base_url, timeout=60)
    async with browser:
        # mail programs look
        page = await browser.get(resolve)
        assert page.status_code == 200
        assert "TypeError: no such thing" in page.text
        assert Page(page.text).forms == {"": {}}
        assert (await api.get(f"/api/v1/issues/{issue}")).json()["status"] == "unresolved"
        assert (await browser.post(resolve)).status_code == 200
        assert (await api.get(f"/api/v1/issues/{issue}")).json()["status"] == "resolved"
        # once
        assert (await browser.get(resolve)).status_code == 404
        assert (await browser.post(resolve)).status_code == 404
        assert (await browser.post(ignore)).status_code == 200
        found = (await api.get(f"/api/v1/issues/{issue}")).json()
        assert (found["status"], found["condition"]["kind"]) == ("ignored", "untilTime")
        # made up, cut off, of another kind
        for token in ("x", resolve[5:-1], resolve[5:-1] + "A", "", "é"):
            assert (await browser.post(f"/act/{token}")).status_code == 404, token
        assert (await browser.get(resolve.replace("/act/", "/mute/"))).status_code == 404
    activity = (await api.get(f"/api/v1/issues/{issue}/activity")).json()["items"]
    assert [e["actor"] for e in activity if e["kind"] in {"resolved", "ignored"}] == [
        "link:hook"
    ] * 2


async def test_links_end_with_their_channel_and_their_week(
    sending: Server, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    channel = (await make(api, receiver))["channel"]["id"]
    body, _ = await deliver(sending, api, receiver, channel)
    (told,) = body.data.alerts
    path = f"/act/{told.resolve_url.rpartition('/')[2]}"
    sql = "UPDATE error_logs.alerts SET at = at - interval '8 days' WHERE id = $1"
    async with httpx.AsyncClient(base_url=sending.base_url, timeout=60) as browser:
        assert (await browser.get(path)).status_code == 200
        sending.in_database(lambda c: c.execute(sql, told.id))
        assert (await browser.post(path)).status_code == 404
        sending.in_database(lambda c: c.execute(sql.replace("-", "+", 1), told.id))
        assert (await browser.get(path)).status_code == 200
        await api.delete(f"/api/v1/channels/{channel}")
        assert (await browser.post(path)).status_code == 404


async def test_a_mail_program_stops_e_mail_by_itself(sending: Server) -> None:
    key = link_key(Settings(data_dir=sending.data_dir))
    path = Links(key, "").mute("Olga@example.org")
    muted = "SELECT count(*) FROM error_logs.muted WHERE email = 'olga@example.org'"
    async with httpx.AsyncClient(base_url=sending.base_url, timeout=60) as browser:
        assert (await browser.get(path)).status_code == 200
        assert sending.in_database(lambda c: c.fetchval(muted)) == 0
        # RFC 8058, section 3.2
        files = {"List-Unsubscribe": (None, "One-Click")}
        assert (await browser.post(path, files=files)).status_code == 200
        assert sending.in_database(lambda c: c.fetchval(muted)) == 1
        again = Page((await browser.get(path)).text).forms
        assert (await browser.post(next(iter(again)))).status_code == 200
        assert sending.in_database(lambda c: c.fetchval(muted)) == 0
        assert (await browser.post("/mute/bm9ib2R5QGV4YW1wbGUub3Jn")).status_code == 404


def test_the_process_is_small_and_counts(sending: Server) -> None:
    pid = sending.children("alerts")["alerts"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    assert kib < 48 * 1024
    metrics = httpx.get(f"{sending.base_url}/metrics").text
    assert 'mana_errors_deliveries_total{kind="webhook",state="sent"}' in metrics
    assert "mana_errors_delivery_lag_seconds_count" in metrics
    assert "mana_errors_channels_paused" in metrics


async def deliver(
    sending: Server, api: httpx.AsyncClient, receiver: Receiver, channel: str
) -> tuple[WebhookBody, str]:
    """An alert of an issue, as the receiver got it."""
    issue = sending.in_database(add_issue)
    before = len(receiver.got)
    sending.in_database(lambda c: add_alert(c, [UUID(channel)], issue))
    await until(lambda: len(receiver.got) > before, "a message")
    assert (await api.get(f"/api/v1/issues/{issue}")).status_code == 200
    return msgspec.json.decode(receiver.got[-1].body, type=WebhookBody), str(issue)
