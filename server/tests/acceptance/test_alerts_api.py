"""Rules over HTTP, on a running server: from a report to an alert that says why."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from harness import Server, wait_until

NEW = {"kind": "becomes", "facts": ["new"]}


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.token('admin')}"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=30) as client:
        yield client


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def report(api: httpx.Client, **fields: Any) -> None:
    body = {"errorCode": "E", "errorType": "T", "message": "m", "appId": "chat", **fields}
    ok(api.post("/api/v1/errors", json=body), 201)


def alerts_of(api: httpx.Client, rule: str) -> list[Any]:
    return ok(api.get("/api/v1/alerts", params={"rule": rule}))["items"]


def test_from_a_report_to_an_alert_that_says_why(api: httpx.Client) -> None:
    [channel] = {
        id_ for rule in ok(api.get("/api/v1/rules"))["items"] for id_ in rule["rule"]["channels"]
    }
    body = {"name": "new ones", "trigger": NEW, "channels": [channel], "digestMinutes": 30}
    rule = ok(api.post("/api/v1/rules", json=body), 201)
    report(api, message="a problem", userId="u", environment="production")
    [alert] = wait_until(lambda: alerts_of(api, rule["id"]), "an alert")
    assert (alert["appId"], alert["ruleId"]) == ("chat", rule["id"])
    assert (alert["firing"]["fact"], alert["firing"]["ruleName"]) == ("new", "new ones")
    assert alert["firing"]["issue"]["title"] == "T: a problem"
    [delivery] = alert["deliveries"]
    assert (delivery["channelId"], delivery["state"]) == (channel, "waiting")
    assert ok(api.get(f"/api/v1/alerts/{alert['id']}")) == alert

    issue = {"issue": alert["issueId"]}
    said = ok(api.get(f"/api/v1/rules/{rule['id']}/explain", params=issue))
    assert (said["fires"], said["lastAlertId"]) == (False, alert["id"])
    assert [step["check"] for step in said["steps"] if not step["holds"]] == ["backOff"]

    tried = ok(api.post("/api/v1/rules/test", json={"rule": body, "days": 1}))
    assert [issue["title"] for issue in tried["byIssue"]] == ["T: a problem"]
    assert tried["fired"] == 1


def test_rules_are_made_changed_and_deleted(api: httpx.Client) -> None:
    body: dict[str, Any] = {"name": "a", "trigger": {"kind": "occurs"}, "filter": "is:new"}
    rule = ok(api.post("/api/v1/rules", json=body), 201)
    assert (rule["rule"]["againAfterMinutes"], rule["failure"]) == (60, None)
    path = f"/api/v1/rules/{rule['id']}"
    changed = ok(api.put(path, json={**body, "enabled": False}))
    assert (changed["rule"]["enabled"], changed["createdAt"]) == (False, rule["createdAt"])
    assert ok(api.get(path)) == changed
    assert ok(api.delete(path), 204) is None
    assert api.get(path).status_code == 404
    log = ok(api.get("/api/v1/audit", params={"action": "rule.create,rule.change,rule.delete"}))
    assert [e["action"] for e in log["items"] if e["subject"] == rule["id"]] == [
        "rule.delete", "rule.change", "rule.create",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"filter": "gone:1"}, "filter, character 1: there is no field gone"),
        ({"filter": 'is:new "x'}, "filter, character 8"),
        ({"apps": ["nowhere"]}, "apps: there is no app 'nowhere'"),
        ({"apps": []}, "$.apps"),
        ({"channels": [str(uuid4())]}, "channels: there is no channel"),
        ({"quiet": {"zone": "Mars/Base", "start": "22:00", "end": "07:00"}}, "quiet.zone"),
        ({"quiet": {"zone": "../etc/passwd", "start": "22:00", "end": "07:00"}}, "quiet.zone"),
        ({"quiet": {"zone": "UTC", "start": "22:00", "end": "22:00"}}, "quiet.end"),
        ({"quiet": {"zone": "UTC", "start": "24:00", "end": "22:00"}}, "$.quiet.start"),
        ({"trigger": {"kind": "events", "events": 0, "minutes": 5}}, "$.trigger.events"),
        ({"trigger": {"kind": "silent", "minutes": 10}, "filter": "x"}, "filter: silence"),
        ({"digest": 5}, "digest"),
    ],
)
def test_what_is_wrong_is_named(api: httpx.Client, fields: dict[str, Any], said: str) -> None:
    body = {"name": "a", "trigger": NEW, **fields}
    for path, sent in (("/api/v1/rules", body), ("/api/v1/rules/test", {"rule": body})):
        answer = api.post(path, json=sent)
        assert answer.status_code == 400
        detail = answer.json()["detail"].replace("$.rule.", "$.")
        assert said in detail
