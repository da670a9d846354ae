"""Apps and keys over HTTP, in this process, on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from mana_errors.api.app import build
from mana_errors.config import load_settings
from mana_errors.model.health import Check
from mana_errors.model.principal import Scope
from mana_errors.store import apps, db, tokens

Client = httpx.AsyncClient
KEY = "0123456789abcdef" * 2
PUBLIC = "https://errors.example.org"


@asynccontextmanager
async def serving(
    dsn: str, *scopes: Scope, bound: list[str] | None = None
) -> AsyncIterator[Client]:
    """A client with a token, of an app of its own."""
    connection = await db.connect(dsn)
    token = await tokens.create(connection, uuid4().hex, scopes, apps=bound)
    await connection.close()
    settings = load_settings({"MANA_ERRORS_PUBLIC_URL": PUBLIC})
    app = build(settings, dsn, lambda: [Check("spool", ok=True, detail="works")])
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    async with Client(transport=transport, base_url=PUBLIC, headers=headers) as client:
        yield client
    await app.close()


@pytest.fixture
async def api(migrated_dsn: str) -> AsyncIterator[Client]:
    """A client that may do everything."""
    async with serving(migrated_dsn, "admin") as client:
        yield client


@pytest.fixture
async def registered(migrated_dsn: str) -> list[str]:
    """Two apps that reported."""
    connection = await db.connect(migrated_dsn)
    made = await apps.ensure(connection, ["chat", "picture"])
    await connection.close()
    return made


def ok(answer: httpx.Response, status: int = 200) -> Any:
    """Its JSON."""
    assert answer.status_code == status, answer.text
    return answer.json()


def assert_problem(answer: httpx.Response, status: int, *named: str) -> None:
    """An RFC 9457 answer that names what it is about."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(word in answer.json()["detail"] for word in named), answer.text


async def test_an_app_is_made_with_another_tracker_s_dsn(api: Client) -> None:
    """Made, listed, shown; whose number or key is taken is told."""
    made = ok(await api.post("/api/v1/apps", json={"id": "chat", "number": 42, "key": KEY}), 201)
    dsn = f"https://{KEY}@errors.example.org/42"
    assert made == {"id": "chat", "number": 42, "key": KEY, "dsn": dsn}
    app = ok(await api.get("/api/v1/apps/chat"))
    assert (app["id"], app["number"], app["name"], app["over"]) == ("chat", 42, "chat", None)
    assert ok(await api.get("/api/v1/apps")) == {"items": [app], "next": None}
    assert_problem(await api.post("/api/v1/apps", json={"id": "chat"}), 409, "'chat'")
    again = await api.post("/api/v1/apps", json={"id": "other", "number": 42})
    assert_problem(again, 409, "42")
    again = await api.post("/api/v1/apps", json={"id": "other", "key": KEY})
    assert_problem(again, 409, KEY)


async def test_settings_are_merged(api: Client, registered: list[str]) -> None:
    """What is not named stays, inside filters too."""
    path = f"/api/v1/apps/{registered[0]}"
    first = {"settings": {"requireKey": True, "filters": {"messages": ["*x*"]}}}
    ok(await api.patch(path, json=first))
    app = ok(
        await api.patch(path, json={"name": "Chat", "settings": {"filters": {"types": ["A"]}}})
    )
    assert app["name"] == "Chat"
    assert app["settings"]["requireKey"] is True
    assert app["settings"]["filters"]["messages"] == ["*x*"]
    assert app["settings"]["filters"]["types"] == ["A"]
    assert ok(await api.get(path)) == app
    assert ok(await api.patch(path, json={})) == app


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"settings": {"nosuch": 1}}, "nosuch"),
        ({"settings": {"rateBurst": "many"}}, "rateBurst"),
        ({"settings": {"filters": {"addresses": ["x"]}}}, "filters.addresses"),
        ({"settings": {"allowedOrigins": ["x"]}}, "allowedOrigins"),
        ({"settings": None}, "settings"),
        ({"name": "a\0b"}, "name"),
        ({"name": None}, "name"),
        ({"id": "other"}, "id"),
    ],
)
async def test_a_change_that_makes_no_sense_is_named(
    api: Client, registered: list[str], change: dict[str, Any], named: str
) -> None:
    assert_problem(await api.patch(f"/api/v1/apps/{registered[0]}", json=change), 400, named)


async def test_keys_are_made_listed_and_revoked(api: Client, registered: list[str]) -> None:
    """Each with its DSN; a revoked one stays in the list."""
    path = f"/api/v1/apps/{registered[1]}/keys"
    key = ok(await api.post(path, json={"name": "mobile", "key": KEY}), 201)
    assert (key["app"], key["name"], key["dsn"]) == (
        "picture", "mobile", f"https://{KEY}@errors.example.org/2",
    )  # fmt: skip
    assert_problem(await api.post(path, json={"key": KEY}), 409, KEY)
    assert_problem(await api.post(path, json={"key": "short"}), 400, "key")
    revoked = ok(await api.delete(f"{path}/{key['id']}"))
    assert revoked["revokedAt"] is not None
    assert ok(await api.delete(f"{path}/{key['id']}")) == revoked
    page = ok(await api.get(path))
    assert [one["revokedAt"] is None for one in page["items"]] == [True, False]
    assert page["items"][1] == revoked
    assert_problem(await api.delete(f"/api/v1/apps/chat/keys/{key['id']}"), 404)
    assert_problem(await api.delete(f"{path}/nonsense"), 404)


@pytest.mark.parametrize("app_id", ["nosuch", "%00", "a%00b", "x" * 300, "%ED%A0%80", "..%2F"])
async def test_there_is_no_such_app(api: Client, app_id: str) -> None:
    """Whatever the path says."""
    path = f"/api/v1/apps/{app_id}"
    for answer in (
        await api.get(path),
        await api.patch(path, json={"name": "x"}),
        await api.get(f"{path}/keys"),
        await api.post(f"{path}/keys", json={}),
        await api.delete(f"{path}/keys/{uuid4()}"),
    ):
        assert_problem(answer, 404)


async def test_who_is_bound_to_an_app_sees_no_other(
    migrated_dsn: str, registered: list[str]
) -> None:
    """Foreign ones are not there; nobody bound makes new ones."""
    own, foreign = registered
    async with serving(migrated_dsn, "admin", bound=[own]) as client:
        assert [app["id"] for app in ok(await client.get("/api/v1/apps"))["items"]] == [own]
        ok(await client.patch(f"/api/v1/apps/{own}", json={"name": "Mine"}))
        key = ok(await client.post(f"/api/v1/apps/{own}/keys", json={}), 201)
        path = f"/api/v1/apps/{foreign}"
        for answer in (
            await client.get(path),
            await client.patch(path, json={"name": "Mine"}),
            await client.get(f"{path}/keys"),
            await client.post(f"{path}/keys", json={}),
            await client.delete(f"{path}/keys/{key['id']}"),
        ):
            assert_problem(answer, 404)
        assert_problem(await client.post("/api/v1/apps", json={"id": "new"}), 403)


async def test_a_reader_changes_nothing(migrated_dsn: str, registered: list[str]) -> None:
    async with serving(migrated_dsn, "read", "triage") as client:
        path = f"/api/v1/apps/{registered[0]}"
        ok(await client.get(path))
        [key] = ok(await client.get(f"{path}/keys"))["items"]
        for answer in (
            await client.patch(path, json={"name": "Mine"}),
            await client.post(f"{path}/keys", json={}),
            await client.delete(f"{path}/keys/{key['id']}"),
            await client.post("/api/v1/apps", json={"id": "new"}),
        ):
            assert_problem(answer, 403, "admin")


async def test_changes_say_who_made_them(
    api: Client, migrated_dsn: str, registered: list[str]
) -> None:
    """In the audit log, with the app that they concern."""
    path = f"/api/v1/apps/{registered[0]}"
    ok(await api.patch(path, json={"name": "Chat"}))
    key = ok(await api.post(f"{path}/keys", json={"name": "mobile"}), 201)
    ok(await api.delete(f"{path}/keys/{key['id']}"))
    connection = await db.connect(migrated_dsn)
    rows = await connection.fetch(
        "SELECT actor, action, app_id, details FROM error_logs.audit_log "
        "WHERE actor LIKE 'token:%' ORDER BY id"
    )
    await connection.close()
    assert [(row["action"], row["app_id"]) for row in rows] == [
        ("app.change", "chat"), ("key.create", "chat"), ("key.revoke", "chat"),
    ]  # fmt: skip
    assert rows[0]["details"] == {"name": ["chat", "Chat"]}
    assert rows[1]["details"] == {"id": key["id"], "name": "mobile"}
