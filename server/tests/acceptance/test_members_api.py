"""Members, sessions, tokens and the audit log over HTTP, in this process, on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from mana_errors.access import people
from mana_errors.access.people import Newcomer
from mana_errors.api.app import build
from mana_errors.config import load_settings
from mana_errors.model.health import Check
from mana_errors.model.member import BoundApps, Member
from mana_errors.model.principal import Role
from mana_errors.store import db, links, members, sessions
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.store.members import NewMember
from rows import add_issue

Client = httpx.AsyncClient
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def connection(migrated_dsn: str) -> AsyncIterator[Connection]:
    opened = await db.connect(migrated_dsn)
    yield opened
    await opened.close()


@asynccontextmanager
async def serving(dsn: str, **environ: str) -> AsyncIterator[Client]:
    """A client of an app of its own."""
    app = build(load_settings(environ), dsn, lambda: [Check("spool", ok=True, detail="")])
    base_url = environ.get("MANA_ERRORS_PUBLIC_URL", "http://localhost:3001")
    transport = httpx.ASGITransport(app)
    async with Client(transport=transport, base_url=base_url, headers=OURS) as client:
        yield client
    await app.close()


@pytest.fixture
async def api(migrated_dsn: str) -> AsyncIterator[Client]:
    async with serving(migrated_dsn) as client:
        yield client


async def add(connection: Connection, role: Role, apps: BoundApps = None) -> Member:
    new = NewMember(f"{role}-{uuid4().hex[:8]}@example.org", role, apps, "no password")
    return await members.create(connection, COMMAND, new)


async def cookie(connection: Connection, member: Member) -> dict[str, str]:
    return {"Cookie": f"mana_session={await sessions.start(connection, member.id, '', 'test')}"}


async def signed_in(connection: Connection, role: Role = Role.OWNER) -> dict[str, str]:
    return await cookie(connection, await add(connection, role))


# --- who am I


async def test_a_member_and_a_token_are_told_who_they_are(
    api: Client, connection: Connection
) -> None:
    member = await add(connection, Role.MEMBER, ("shop", "chat"))
    me = (await api.get("/api/v1/me", headers=await cookie(connection, member))).json()
    assert (me["name"], me["role"], me["apps"]) == (
        f"member:{member.email}", "member", ["chat", "shop"],
    )  # fmt: skip
    assert (me["scopes"], me["memberId"]) == (["read", "triage"], str(member.id))
    body = {"name": "script", "scopes": ["read"], "apps": ["chat"]}
    made = await api.post("/api/v1/tokens", json=body, headers=await signed_in(connection))
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    me = (await api.get("/api/v1/me", headers=bearer)).json()
    assert me == {
        "name": "token:script", "scopes": ["read"], "apps": ["chat"], "role": None,
        "memberId": None, "sessionId": None,
    }  # fmt: skip


# --- members


async def test_an_invitation_makes_a_member(api: Client, connection: Connection) -> None:
    owner = await signed_in(connection)
    body = {"email": "New@Example.org", "role": "member", "apps": ["chat"]}
    answer = await api.post("/api/v1/members", json=body, headers=owner)
    assert answer.status_code == 201
    address, _, secret = answer.json()["link"].rpartition("/")
    assert address == "http://localhost:3001/invitation"
    assert (await links.look(connection, secret)).email == "new@example.org"
    await people.join(connection, secret, Newcomer("", "New", "hash", ""))
    listed = (await api.get("/api/v1/members", headers=owner)).json()["items"]
    assert (listed[-1]["email"], listed[-1]["apps"]) == ("new@example.org", ["chat"])
    assert not any("hash" in name.lower() for name in listed[-1])
    again = await api.post("/api/v1/members", json=body, headers=owner)
    assert (again.status_code, again.json()["title"]) == (409, "Conflict")


async def test_a_change_acts_with_the_next_request(api: Client, connection: Connection) -> None:
    owner = await signed_in(connection)
    member = await add(connection, Role.ADMIN)
    theirs = await cookie(connection, member)
    issue = await add_issue(connection, app_id="shop")
    path = f"/api/v1/members/{member.id}"

    async def change(**body: object) -> None:
        answer = await api.patch(path, json=body, headers=owner)
        assert answer.status_code == 200, answer.text

    async def status(address: str) -> int:
        return (await api.get(address, headers=theirs)).status_code

    assert await status("/api/v1/members") == 200
    await change(role="member")
    assert await status("/api/v1/members") == 403
    assert await status(f"/api/v1/issues/{issue}") == 200
    await change(apps=["chat"])
    assert await status(f"/api/v1/issues/{issue}") == 404
    await change(apps=None)
    assert await status(f"/api/v1/issues/{issue}") == 200
    await change(disabled=True)
    assert await status("/api/v1/me") == 401
    await change(disabled=False)
    assert await status("/api/v1/me") == 401, "sign in again"


async def test_admins_do_not_touch_owners(api: Client, connection: Connection) -> None:
    owner, admin = await add(connection, Role.OWNER), await add(connection, Role.ADMIN)
    theirs = await cookie(connection, admin)
    for member, body in (
        (owner, {"role": "viewer"}),
        (owner, {"disabled": True}),
        (admin, {"role": "owner"}),
    ):
        answer = await api.patch(f"/api/v1/members/{member.id}", json=body, headers=theirs)
        assert answer.status_code == 403, body
    new = {"email": "x@example.org", "role": "owner"}
    assert (await api.post("/api/v1/members", json=new, headers=theirs)).status_code == 403


async def test_the_last_owner_cannot_leave(api: Client, connection: Connection) -> None:
    owner = await add(connection, Role.OWNER)
    for body in ({"role": "admin"}, {"disabled": True}):
        answer = await api.patch(
            f"/api/v1/members/{owner.id}", json=body, headers=await cookie(connection, owner)
        )
        assert (answer.status_code, "last owner" in answer.text) == (409, True)


async def test_bad_bodies_are_refused(api: Client, connection: Connection) -> None:
    owner = await signed_in(connection)
    for path, body in (
        ("/api/v1/members", {"email": "nobody"}),
        ("/api/v1/members", {"email": "a@b", "role": "king"}),
        ("/api/v1/members", {"email": "a@b", "apps": ["x" * 51]}),
        ("/api/v1/members", {"email": "a@b", "apps": [f"a{n}" for n in range(101)]}),
        ("/api/v1/members", {"email": "a\0@b"}),
        ("/api/v1/members", {"email": "a@b", "apps": ["a\0"]}),
        ("/api/v1/tokens", {"name": "x", "scopes": []}),
        ("/api/v1/tokens", {"name": "x", "scopes": ["root"]}),
        ("/api/v1/tokens", {"name": "x\0", "scopes": ["read"]}),
        ("/api/v1/tokens", {"name": "", "scopes": ["read"]}),
        ("/api/v1/tokens", {"name": "x", "scopes": ["read"], "expiresDays": 0}),
    ):
        answer = await api.post(path, json=body, headers=owner)
        assert answer.status_code == 400, (body, answer.text)
    missing = await api.patch(f"/api/v1/members/{uuid4()}", json={}, headers=owner)
    assert missing.status_code == 404


async def test_lists_have_pages(api: Client, connection: Connection) -> None:
    owner = await signed_in(connection)
    for number in range(4):
        await add(connection, Role.VIEWER)
        body = {"name": f"t{number}", "scopes": ["read"]}
        await api.post("/api/v1/tokens", json=body, headers=owner)
    for path, total in (("/api/v1/members", 5), ("/api/v1/tokens", 4), ("/api/v1/audit", 9)):
        seen: list[str] = []
        cursor = ""
        while True:
            params = {"limit": 2, "cursor": cursor}
            page = (await api.get(path, params=params, headers=owner)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert len(set(seen)) == len(seen) == total, path
        bad = await api.get(path, params={"cursor": "nonsense"}, headers=owner)
        assert bad.status_code == 400


# --- sessions


async def test_sessions_are_listed_and_ended(api: Client, connection: Connection) -> None:
    member = await add(connection, Role.VIEWER)
    mine, second, third = [await cookie(connection, member) for _ in range(3)]
    stranger = await signed_in(connection)
    listed = (await api.get("/api/v1/sessions", headers=mine)).json()["items"]
    assert len(listed) == 3
    own = (await api.get("/api/v1/me", headers=mine)).json()["sessionId"]
    foreign = (await api.get("/api/v1/me", headers=stranger)).json()["sessionId"]
    last = (await api.get("/api/v1/me", headers=third)).json()["sessionId"]
    assert own in [session["id"] for session in listed]
    gone = await api.delete(f"/api/v1/sessions/{foreign}", headers=mine)
    assert gone.status_code == 404
    ended = await api.delete(f"/api/v1/sessions/{last}", headers=mine)
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await api.get("/api/v1/me", headers=third)).status_code == 401
    assert (await api.delete("/api/v1/sessions", headers=mine)).status_code == 204
    assert (await api.get("/api/v1/me", headers=second)).status_code == 401
    assert (await api.get("/api/v1/me", headers=mine)).status_code == 200
    assert (await api.get("/api/v1/me", headers=stranger)).status_code == 200


async def test_an_answer_carries_the_new_secret(api: Client, connection: Connection) -> None:
    headers = await signed_in(connection)
    await connection.execute(
        "UPDATE error_logs.sessions SET rotated_at = now() - $1::interval", sessions.ROTATE
    )
    answer = await api.get("/api/v1/me", headers=headers)
    given = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(given.split("; "))
    assert "Secure" not in given
    fresh = {"Cookie": given.partition(";")[0]}
    assert fresh != headers
    api.cookies.clear()
    again = await api.get("/api/v1/me", headers=fresh)
    assert (again.status_code, again.headers.get("set-cookie")) == (200, None)


async def test_over_https_the_cookie_is_the_host_s_own(
    migrated_dsn: str, connection: Connection
) -> None:
    secret = (await signed_in(connection))["Cookie"].partition("=")[2]
    await connection.execute(
        "UPDATE error_logs.sessions SET rotated_at = now() - $1::interval", sessions.ROTATE
    )
    async with serving(migrated_dsn, MANA_ERRORS_PUBLIC_URL="https://errors.example.org") as api:
        plain = await api.get("/api/v1/me", headers={"Cookie": f"mana_session={secret}"})
        assert plain.status_code == 401
        own = {"Cookie": f"__Host-mana_session={secret}"}
        given = (await api.get("/api/v1/me", headers=own)).headers["set-cookie"]
        assert given.startswith("__Host-mana_session=")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(given.split("; "))
        assert "Domain" not in given


@pytest.mark.parametrize("sent", ["", "x" * 300, "\u00fc", '"quoted"', "a b", "0" * 43])
async def test_a_secret_that_is_none_is_refused(api: Client, sent: str) -> None:
    raw = {"Cookie": f"mana_session={sent}".encode("latin-1")}
    assert (await api.get("/api/v1/me", headers=raw)).status_code == 401


async def test_names_of_the_server_count(migrated_dsn: str, connection: Connection) -> None:
    headers = await signed_in(connection)
    given = {"MANA_ERRORS_ALLOWED_HOSTS": "errors.lan, Errors.Internal"}
    async with serving(migrated_dsn, **given) as api:
        for host, status in (
            ("localhost", 200), ("127.0.0.1:3001", 200), ("[::1]:3001", 200), ("192.0.2.7", 200),
            ("errors.lan:3001", 200), ("ERRORS.INTERNAL", 200), ("errors.evil", 403),
            ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("", 403),
        ):  # fmt: skip
            answer = await api.get("/api/v1/me", headers={**headers, "Host": host})
            assert answer.status_code == status, host


async def test_an_origin_proves_as_much_as_fetch_metadata(
    migrated_dsn: str, connection: Connection
) -> None:
    """Of browsers without Sec-Fetch-Site."""
    owner = await signed_in(connection)
    async with serving(migrated_dsn) as api:
        del api.headers["Sec-Fetch-Site"]
        headers = {**owner, "Origin": "http://localhost:3001"}
        assert (await api.delete("/api/v1/sessions", headers=headers)).status_code == 204
        for origin in ("http://localhost:3002", "http://localhost", "null", "http://evil.example"):
            headers = {**owner, "Origin": origin}
            assert (await api.delete("/api/v1/sessions", headers=headers)).status_code == 403


# --- tokens


async def test_a_token_is_made_listed_used_and_revoked(api: Client, connection: Connection) -> None:
    owner = await signed_in(connection)
    body = {"name": "deploy", "scopes": ["artifacts", "read"], "expiresDays": 30}
    made = await api.post("/api/v1/tokens", json=body, headers=owner)
    assert made.status_code == 201
    secret = made.json()["token"]
    assert secret.startswith("mana_")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (await api.get("/api/v1/me", headers=bearer)).json()["name"] == "token:deploy"
    (row,) = (await api.get("/api/v1/tokens", headers=owner)).json()["items"]
    lives = datetime.fromisoformat(row["expiresAt"]) - datetime.fromisoformat(row["createdAt"])
    assert abs(lives - timedelta(days=30)) < timedelta(minutes=1)
    assert row["lastUsedAt"] is not None
    assert secret not in str(row)
    again = await api.post("/api/v1/tokens", json=body, headers=owner)
    assert again.status_code == 409
    assert (await api.delete(f"/api/v1/tokens/{row['id']}", headers=owner)).status_code == 204
    assert (await api.get("/api/v1/tokens", headers=owner)).json()["items"] == []


# --- the audit log


async def test_the_log_says_who_did_what(api: Client, connection: Connection) -> None:
    member = await add(connection, Role.OWNER)
    owner = await cookie(connection, member)
    issue = await add_issue(connection, app_id="shop")
    body = {"status": "resolved"}
    for _ in range(2):
        await api.patch(f"/api/v1/issues/{issue}", json=body, headers=owner)
    await api.post("/api/v1/tokens", json={"name": "t", "scopes": ["admin"]}, headers=owner)
    items = (await api.get("/api/v1/audit", headers=owner)).json()["items"]
    told = [(item["action"], item["actor"], item["subject"], item["app"]) for item in items]
    who = f"member:{member.email}"
    assert told == [
        ("token.create", who, "t", None),
        ("issue.status", who, str(issue), "shop"),
        ("member.create", "command", member.email, None),
    ]
    assert items[1]["details"] == {"from": "unresolved", "to": "resolved"}
    assert items[0]["address"] == "127.0.0.1"
    for query in (f"actor={who}", "action=issue.status,token.create", "app=shop"):
        found = (await api.get(f"/api/v1/audit?{query}", headers=owner)).json()["items"]
        assert 0 < len(found) < len(items), query


async def test_who_is_bound_sees_the_entries_of_their_apps(
    api: Client, connection: Connection
) -> None:
    owner = await signed_in(connection)
    for app in ("shop", "chat"):
        issue = await add_issue(connection, app_id=app)
        await api.patch(f"/api/v1/issues/{issue}", json={"status": "ignored"}, headers=owner)
    bound = await cookie(connection, await add(connection, Role.ADMIN, ("chat",)))
    items = (await api.get("/api/v1/audit", headers=bound)).json()["items"]
    assert [item["app"] for item in items] == ["chat"]
    foreign = await api.get("/api/v1/audit?app=shop", headers=bound)
    assert foreign.json()["items"] == []
