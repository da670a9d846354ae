"""The read API over HTTP, in this process, on a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest

from harness import Cluster, Server, wait_until
from mana_errors.api import auth, export, health
from mana_errors.api.app import App, build
from mana_errors.config import load_settings
from mana_errors.model.health import Check
from mana_errors.model.principal import Scope
from mana_errors.store import db, tokens
from rows import NOON, add_event, add_issue

Client = httpx.AsyncClient
HERE = ("127.0.0.1", 50000)
ELSEWHERE = ("203.0.113.7", 50000)


def spool_works() -> list[Check]:
    return [Check("spool", ok=True, detail="works")]


@asynccontextmanager
async def serving(
    dsn: str,
    *,
    peer: tuple[str, int] = HERE,
    spool: Callable[[], list[Check]] = spool_works,
) -> AsyncIterator[Client]:
    """A client of an app of its own."""
    app: App = build(load_settings({}), dsn, spool)
    transport = httpx.ASGITransport(app, client=peer)
    async with Client(transport=transport, base_url="http://localhost:3001") as client:
        yield client
    await app.close()


async def token_for(dsn: str, *scopes: Scope, ttl: timedelta | None = None) -> str:
    connection = await db.connect(dsn)
    text = await tokens.create(connection, uuid4().hex, scopes, ttl)
    await connection.close()
    return text


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def api(migrated_dsn: str) -> AsyncIterator[Client]:
    """A client with a token that may read and triage."""
    token = await token_for(migrated_dsn, "read", "triage")
    async with serving(migrated_dsn) as client:
        client.headers.update(bearing(token))
        yield client


@pytest.fixture
async def issue(migrated_dsn: str) -> UUID:
    """An issue with one event."""
    connection = await db.connect(migrated_dsn)
    issue_id = await add_issue(connection)
    await add_event(connection, issue_id)
    await connection.close()
    return issue_id


def assert_problem(answer: httpx.Response, status: int, *named: str) -> None:
    """An RFC 9457 answer that names what it is about."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    for name in named:
        assert name in problem["detail"]


# --- who may call what


async def test_a_bad_token_is_refused(migrated_dsn: str) -> None:
    long = "x" * 10000
    async with serving(migrated_dsn) as client:
        for header in ("Bearer nonsense", "Bearer", "Basic abc", "Bearer \u00fc", f"Bearer {long}"):
            raw = {"Authorization": header.encode("latin-1")}
            assert_problem(await client.get("/api/v1/issues", headers=raw), 401)


async def test_an_expired_token_is_refused(migrated_dsn: str) -> None:
    token = await token_for(migrated_dsn, "read", ttl=timedelta(seconds=-1))
    async with serving(migrated_dsn) as client:
        assert_problem(await client.get("/api/v1/issues", headers=bearing(token)), 401)


async def test_a_revoked_token_stops_when_the_memory_of_it_ends(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHE_S", 0.0)
    connection = await db.connect(migrated_dsn)
    headers = bearing(await tokens.create(connection, "script", ["read"]))
    async with serving(migrated_dsn) as client:
        assert (await client.get("/api/v1/issues", headers=headers)).status_code == 200
        used = "SELECT last_used_at FROM error_logs.tokens WHERE name = 'script'"
        assert await connection.fetchval(used) is not None
        await tokens.revoke(connection, (await tokens.named(connection, "script")).id)
        assert_problem(await client.get("/api/v1/issues", headers=headers), 401)
    await connection.close()


async def test_the_memory_of_tokens_is_bounded(
    migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of invented tokens costs no memory, and a real one still works after it."""
    monkeypatch.setattr(auth, "CACHE_ENTRIES", 3)
    good = bearing(await token_for(migrated_dsn, "read"))
    async with serving(migrated_dsn) as client:
        for number in range(10):
            await client.get("/api/v1/issues", headers=bearing(f"invented-{number}"))
        assert (await client.get("/api/v1/issues", headers=good)).status_code == 200
        app = cast(Any, client._transport).app
        endpoint = app._router.routes[0].app
        assert len(endpoint._authorizer._known) == 3


# --- what they answer


async def test_a_list_has_the_fields_that_are_promised(api: Client, issue: UUID) -> None:
    body = (await api.get("/api/v1/issues")).json()
    assert body["next"] is None
    (item,) = body["items"]
    assert item.keys() >= {
        "id", "app", "title", "type", "culprit", "severity", "status", "count", "users",
        "firstSeen", "lastSeen", "release", "fingerprint",
    }  # fmt: skip
    assert item["id"] == str(issue)
    assert item["lastSeen"] == NOON.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_cursor_leads_to_the_next_page(api: Client, issue: UUID, migrated_dsn: str) -> None:
    connection = await db.connect(migrated_dsn)
    older = await add_issue(connection, last_seen=NOON - timedelta(days=1))
    await connection.close()
    first = (await api.get("/api/v1/issues", params={"limit": 1})).json()
    params = {"limit": 1, "cursor": first["next"]}
    second = (await api.get("/api/v1/issues", params=params)).json()
    assert [item["id"] for item in first["items"] + second["items"]] == [str(issue), str(older)]
    assert second["next"] is None


async def test_filters_come_from_the_query(api: Client, issue: UUID) -> None:
    async def count(path: str, **params: str) -> int:
        answer = await api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count("/api/v1/issues", severity="error,critical", app="chat,shop", q="TYPE") == 1
    assert await count("/api/v1/issues", severity="debug") == 0
    assert await count("/api/v1/issues", environment="production", status="") == 0
    assert await count("/api/v1/events", errorCode="OUT_OF_STOCK", to="2999-01-01T00:00:00Z") == 1
    assert await count("/api/v1/events", **{"from": "2999-01-01T00:00:00+01:00"}) == 0
    assert await count(f"/api/v1/issues/{issue}/events", user="nobody") == 0
    assert await count(f"/api/v1/issues/{issue}/events") == 1


async def test_an_issue_leads_to_its_latest_event(api: Client, issue: UUID) -> None:
    detail = (await api.get(f"/api/v1/issues/{issue}")).json()
    assert detail["hashes"][0]["components"][1] == {"name": "stack", "value": "cart.ts total"}
    assert (len(detail["trend"]["hours"]), len(detail["trend"]["days"])) == (24, 14)
    event = (await api.get(f"/api/v1/events/{detail['latestEventId']}")).json()
    assert event["issueId"] == str(issue)
    assert event.keys() >= {
        "id", "errorCode", "errorType", "message", "stackTrace", "appId", "sourceType",
        "serviceName", "userId", "sessionId", "requestUrl", "requestMethod", "requestHeaders",
        "requestBody", "responseStatusCode", "environment", "severity", "context", "fingerprint",
        "userAgent", "browserInfo", "deviceInfo", "occurredAt", "createdAt",
    }  # fmt: skip


async def test_a_status_is_changed_and_changed_back(api: Client, issue: UUID) -> None:
    path = f"/api/v1/issues/{issue}"
    before = datetime.now(UTC) - timedelta(minutes=1)
    for _ in range(2):
        resolved = await api.patch(path, json={"status": "resolved"})
        assert (resolved.status_code, resolved.json()["status"]) == (200, "resolved")
    assert datetime.fromisoformat(resolved.json()["resolvedAt"]) > before
    assert (await api.get(path)).json()["status"] == "resolved"
    reopened = (await api.patch(path, json={"status": "unresolved"})).json()
    assert (reopened["status"], reopened["resolvedAt"]) == ("unresolved", None)


async def test_a_bad_change_is_refused(api: Client, issue: UUID) -> None:
    for content, named in (
        (b"", "body"),
        (b"{", "body"),
        (b'{"status": "open"}', "status"),
        (b'{"status": "resolved", "x": 1}', "x"),
        (b"[]", "object"),
        (b'\xff{"status": "resolved"}', "body"),
        (b"[" * 60000, "body"),
    ):
        assert_problem(await api.patch(f"/api/v1/issues/{issue}", content=content), 400, named)


async def test_bodies_are_bounded_and_json(api: Client, issue: UUID) -> None:
    path = f"/api/v1/issues/{issue}"
    assert_problem(await api.patch(path, content=b" " * 65537), 413, "65536")
    form = await api.patch(path, data={"status": "resolved"})
    assert_problem(form, 415, "application/json")


async def test_a_bad_query_is_refused_by_name(api: Client) -> None:
    for path, named in (
        ("/api/v1/issues?sort=age", "sort"),
        ("/api/v1/issues?limit=0", "limit"),
        ("/api/v1/issues?page=2", "page"),
        ("/api/v1/issues?q=a%00b", "NUL"),
        ("/api/v1/issues?cursor=abc", "cursor"),
        ("/api/v1/issues?q=" + "a+" * 31, "more than 30 terms"),
        ("/api/v1/events?severity=fatal", "severity"),
        ("/api/v1/events?from=0001-01-01T00:00:00%2B14:00", "0001"),
        ("/api/v1/events?to=9999-12-31T23:59:59-14:00", "9999"),
        (f"/api/v1/events/{uuid4()}?x=1", "x"),
    ):
        assert_problem(await api.get(path), 400, named)


async def test_what_does_not_exist_is_404(api: Client) -> None:
    for thing in ("issues", "events"):
        for identifier in (str(uuid4()), "7", "%00", "..%2F", "{}"):
            assert_problem(await api.get(f"/api/v1/{thing}/{identifier}"), 404)


async def test_methods_are_answered_by_the_book(api: Client, issue: UUID) -> None:
    path = f"/api/v1/issues/{issue}"
    wrong = await api.delete(path)
    assert_problem(wrong, 405)
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
    options = await api.options(path)
    assert (options.status_code, options.headers["allow"]) == (204, wrong.headers["allow"])
    head = await api.head(path)
    assert (head.status_code, head.headers["content-type"]) == (200, "application/json")
    assert_problem(await api.get("/api/v2/nothing"), 404)


# --- health and metrics


async def test_live_needs_nothing() -> None:
    async with serving("postgresql://nobody@/none?host=/nonexistent") as client:
        assert (await client.get("/health/live")).json()["status"] == "ok"


async def test_without_a_database_reads_are_unavailable_and_say_when_to_return() -> None:
    async with serving("postgresql://nobody@/none?host=/nonexistent") as client:
        answer = await client.get("/api/v1/issues", headers=bearing("some"))
        assert_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        ready = await client.get("/health/ready")
        assert_problem(ready, 503, "database")
        assert ready.json()["title"] == "Starting"


async def test_unmigrated_is_starting(empty_dsn: str) -> None:
    async with serving(empty_dsn) as client:
        assert_problem(await client.get("/health/ready"), 503, "migrations")


async def test_an_absent_database_after_a_good_start_degrades(
    cluster: Cluster, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports are still made durable, so the server stays in the load balancer."""
    monkeypatch.setattr(health, "CACHE_S", 0.0)
    dsn = cluster.create(template)
    async with serving(dsn) as client:
        assert (await client.get("/health/ready")).json()["status"] == "ok"
        await asyncio.to_thread(cluster.drop, dsn)
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        failing = [check["name"] for check in ready.json()["checks"] if not check["ok"]]
        assert failing == ["database"]


async def test_a_full_spool_is_not_ready(migrated_dsn: str) -> None:
    def full() -> list[Check]:
        return [Check("spool", ok=False, detail="disk almost full")]

    async with serving(migrated_dsn, spool=full) as client:
        ready = await client.get("/health/ready?probe=1")
        assert_problem(ready, 503, "spool", "disk almost full")
        assert int(ready.headers["retry-after"]) > 0


async def test_metrics_are_open_here_and_need_a_token_elsewhere(migrated_dsn: str) -> None:
    token = await token_for(migrated_dsn, "read")
    async with serving(migrated_dsn) as here:
        answer = await here.get("/metrics")
        assert answer.status_code == 200
        assert "mana_errors_received_total" in answer.text
    async with serving(migrated_dsn, peer=ELSEWHERE) as elsewhere:
        assert_problem(await elsewhere.get("/metrics"), 401)
        assert (await elsewhere.get("/metrics", headers=bearing(token))).status_code == 200


# --- the whole server


def test_a_report_becomes_an_issue_a_page_and_numbers(server: Server) -> None:
    headers = bearing(server.token("read,triage"))
    with httpx.Client(base_url=server.base_url, headers=headers) as client:
        report = {"errorCode": "E", "errorType": "Oops", "message": "broken", "appId": "whole"}
        event_id = client.post("/api/v1/errors", json=report).json()["id"]

        def listed() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = client.get("/api/v1/issues?app=whole").json()["items"]
            return items

        (issue,) = wait_until(listed, "the issue")
        assert (issue["type"], issue["count"], issue["status"]) == ("Oops", 1, "unresolved")
        detail = client.get(f"/api/v1/issues/{issue['id']}").json()
        assert detail["latestEventId"] == event_id
        assert detail["trend"]["hours"][-1]["count"] + detail["trend"]["hours"][-2]["count"] == 1
        event = client.get(f"/api/v1/events/{event_id}").json()
        assert (event["message"], event["issueId"]) == ("broken", issue["id"])
        page = client.get(f"/issues/{issue['id']}", headers=server.session("viewer"))
        assert "broken" in page.text
        # workers tell their counts a few times a second
        accepted = 'mana_errors_outcomes_total{outcome="accepted"} 1.0'
        wait_until(lambda: accepted in client.get("/metrics").text, "the count of the report")
        numbers = client.get("/metrics").text
        # counted in another process
        assert 'mana_errors_digested_total{outcome="stored"} 1.0' in numbers


# --- searches


async def test_what_cannot_be_read_says_at_which_character(api: Client) -> None:
    for path in (
        "/api/v1/issues",
        "/api/v1/issues/facets",
        "/api/v1/events",
        "/api/v1/events/export",
    ):
        answer = await api.get(path, params={"q": "app:chat sevrity:x"})
        assert_problem(answer, 400, "character 10", "sevrity")
        assert answer.json()["position"] == 9


async def test_an_export_has_all_events_page_after_page(
    api: Client, migrated_dsn: str, issue: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    connection = await db.connect(migrated_dsn)
    for number in range(6):
        await add_event(connection, issue, message=f"m{number}", user_id="u" if number else None)
    await connection.close()
    lines = (await api.get("/api/v1/events/export?format=jsonl&columns=message")).text.splitlines()
    assert len(lines) == 7
    answer = await api.get("/api/v1/events/export?q=user:u&columns=message,severity")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="events.csv"'
    rows = sorted(answer.text.splitlines()[1:])
    assert rows == [f"m{number},error" for number in range(1, 6)]
    assert_problem(await api.get("/api/v1/events/export?columns=x"), 400, "columns")


async def test_an_export_is_bounded(
    api: Client, migrated_dsn: str, issue: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    monkeypatch.setattr(export, "MAX_EVENTS", 3)
    connection = await db.connect(migrated_dsn)
    for _ in range(6):
        await add_event(connection, issue)
    await connection.close()
    answer = await api.get("/api/v1/events/export?format=jsonl")
    assert len(answer.text.splitlines()) == 3


async def test_fields_are_listed_with_their_choices(api: Client) -> None:
    fields = {
        field["name"]: field for field in (await api.get("/api/v1/search/fields")).json()["items"]
    }
    assert fields["severity"]["choices"] == ["debug", "info", "warning", "error", "critical"]
    assert fields["environment"]["aliases"] == ["env"]
    assert fields["is"]["subjects"] == ["issues"]


async def test_a_token_makes_shared_views_and_no_others(api: Client, migrated_dsn: str) -> None:
    shared = {"name": "Open", "q": "is:unresolved", "shared": True}
    assert_problem(await api.post("/api/v1/views", json={**shared, "shared": False}), 403, "shared")
    assert_problem(await api.post("/api/v1/views", json={**shared, "q": "is:x"}), 400, "character")
    made = await api.post("/api/v1/views", json=shared)
    assert made.status_code == 201
    listed = (await api.get("/api/v1/views")).json()["items"]
    assert [view["name"] for view in listed] == ["Open"]
    reader = bearing(await token_for(migrated_dsn, "read"))
    path = f"/api/v1/views/{made.json()['id']}"
    assert_problem(await api.post("/api/v1/views", json=shared, headers=reader), 403)
    assert_problem(await api.delete(path, headers=reader), 403)
    assert (await api.delete(path)).status_code == 204


async def test_a_merged_issue_says_where_it_is(api: Client, migrated_dsn: str, issue: UUID) -> None:
    """Under all its addresses, however its id is written; to those who see the app."""
    connection = await db.connect(migrated_dsn)
    into = await add_issue(connection, title="Kept", culprit="a.ts in kept")
    await connection.close()
    action = {"ids": [str(issue)], "action": {"do": "merge", "into": str(into)}}
    assert (await api.post("/api/v1/issues/actions", json=action)).status_code == 200
    for path in ("", "/events?limit=1", "/activity", "/tags", "/groups"):
        moved = await api.get(f"/api/v1/issues/{str(issue).upper()}{path}")
        assert moved.status_code == 307
        assert moved.json()["mergedInto"] == str(into)
        assert moved.headers["location"] == f"/api/v1/issues/{into}{path}"
        assert (await api.get(moved.headers["location"])).status_code == 200
    groups = (await api.get(f"/api/v1/issues/{into}/groups")).json()["items"]
    assert {group["culprit"] for group in groups} == {"a.ts in kept", "cart.ts in total"}
    assert (await api.get(f"/api/v1/issues/{uuid4()}")).status_code == 404
