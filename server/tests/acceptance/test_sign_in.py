"""Signing in and what comes before and after it, through a real server and without JavaScript."""

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from conftest import StartServer
from harness import Server, wait_until
from mana_errors.access import people
from mana_errors.access.codes import STEP_S, code_at
from mana_errors.model.member import Member
from mana_errors.model.principal import Role
from mana_errors.store import db, members
from mana_errors.store.audit import SERVER
from people import PASSWORD, Page, add_member, send, text_of
from rows import add_issue

NEW = "a new and rather long passphrase"
LINK = re.compile(r"/(?:invitation|password)/[\w-]+")


@pytest.fixture
async def database(server: Server) -> AsyncIterator[db.Connection]:
    """The server's, without members."""
    connection = await db.connect(server.environ["DATABASE_URL"])
    await connection.execute(
        "TRUNCATE error_logs.members, error_logs.links, error_logs.sign_in_failures CASCADE"
    )
    yield connection
    await connection.close()


@asynccontextmanager
async def browsing(server: Server, language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has never been here."""
    headers = {"Accept-Language": language, "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
    async with httpx.AsyncClient(base_url=server.base_url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
async def browser(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(server) as client:
        yield client


@pytest.fixture
async def owner(database: db.Connection) -> Member:
    return await add_member(database)


async def sign_in(
    browser: httpx.AsyncClient,
    email: str = "olga@example.org",
    password: str = PASSWORD,
    **more: str,
) -> httpx.Response:
    return await send(browser, "/sign-in", "/sign-in", email=email, password=password, **more)


async def test_the_first_owner_comes_by_a_link_that_works_once(
    browser: httpx.AsyncClient, database: db.Connection, server: Server
) -> None:
    old, secret = await people.welcome(database), await people.welcome(database)
    path = f"/welcome/{secret}"
    joined = await send(
        browser, path, email=" Olga@Example.org ", name="Olga", password=PASSWORD, repeat=PASSWORD
    )
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert (await browser.get("/")).status_code == 200
    (member,) = await members.listed(database)
    assert (member.email, member.name, member.role) == ("olga@example.org", "Olga", Role.OWNER)
    assert await people.welcome(database) is None
    async with browsing(server) as stranger:
        for over in (path, f"/welcome/{old}", "/welcome/invented"):
            answer = await stranger.get(over)
            assert answer.status_code == 404
            assert "works no more" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "olga"), ("password", "short"), ("repeat", "another"), ("name", "x" * 101)],
)
async def test_what_is_wrong_is_said_at_its_field(
    browser: httpx.AsyncClient, database: db.Connection, field: str, value: str
) -> None:
    path = f"/welcome/{await people.welcome(database)}"
    good = {"email": "o@example.org", "name": "O", "password": PASSWORD, "repeat": PASSWORD}
    answer = await send(browser, path, **good | {field: value})
    assert answer.status_code == 400
    page = Page(answer.text)
    (wrong,) = [of for tag, of in page.tags if tag == "input" and "aria-invalid" in of]
    assert wrong["name"] == field
    assert f"{field}-trouble" in wrong["aria-describedby"].split()
    assert any(of.get("id") == f"{field}-trouble" for _, of in page.tags)
    assert "<title>Error: " in answer.text
    assert PASSWORD not in answer.text
    assert await members.count(database) == 0


@pytest.mark.usefixtures("owner")
async def test_pages_ask_guests_to_sign_in_and_lead_back(browser: httpx.AsyncClient) -> None:
    asked = await browser.get("/apps?x=1&y=2")
    assert (asked.status_code, asked.headers["location"]) == (
        303, "/sign-in?next=/apps%3Fx%3D1%26y%3D2",
    )  # fmt: skip
    page = await browser.get(asked.headers["location"])
    assert Page(page.text).forms["/sign-in"]["next"] == "/apps?x=1&y=2"
    entered = await sign_in(browser, next="/apps?x=1&y=2")
    assert (entered.status_code, entered.headers["location"]) == (303, "/apps?x=1&y=2")
    assert (await browser.get("/apps")).status_code == 200


@pytest.mark.usefixtures("owner")
async def test_wrong_password_and_unknown_address_look_the_same(
    browser: httpx.AsyncClient,
) -> None:
    wrong = await sign_in(browser, password="wrong")
    unknown = await sign_in(browser, email="nobody@example.org")
    said = [text_of(answer.text) for answer in (wrong, unknown)]
    assert wrong.status_code == unknown.status_code == 403
    assert said[0] == said[1]
    assert "is wrong" in said[0]
    assert "mana_session" not in browser.cookies


@pytest.mark.usefixtures("owner")
async def test_who_fails_on_must_wait(browser: httpx.AsyncClient) -> None:
    answers = [await sign_in(browser, password="wrong") for _ in range(8)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    wait_s = int(refused.headers["retry-after"])
    assert f"Try again in {wait_s} s." in refused.text


@pytest.mark.usefixtures("owner")
async def test_signing_out_ends_the_session_itself(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    kept = browser.cookies["mana_session"]
    left = await send(browser, "/", "/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert "mana_session" not in browser.cookies
    browser.cookies["mana_session"] = kept
    assert (await browser.get("/account")).status_code == 303


@pytest.mark.usefixtures("owner")
async def test_german_readers_sign_in_in_german(server: Server) -> None:
    async with browsing(server, "de") as browser:
        page = await browser.get("/sign-in")
        assert '<html lang="de">' in page.text
        assert "Passwort" in page.text
        assert "ist falsch" in (await sign_in(browser, password="falsch")).text


@pytest.mark.usefixtures("owner")
async def test_a_chosen_language_wins_over_the_browser(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    saved = await send(browser, "/account", "/account", language="de", name="Olga M.")
    page = await browser.get(saved.headers["location"])
    assert '<html lang="de">' in page.text
    assert "Gespeichert." in page.text
    assert 'value="Olga M."' in page.text


async def test_a_second_factor_is_switched_on_used_and_off(
    browser: httpx.AsyncClient, server: Server, database: db.Connection, owner: Member
) -> None:
    await sign_in(browser)
    page = await browser.get("/account/second-factor")
    assert "<svg" in page.text
    uri = re.search(r"otpauth://[^<\s]+", page.text)
    assert uri is not None
    secret = _secret_of(uri[0].replace("&amp;", "&"))
    # the form that was shown, not one with another secret
    fields = Page(page.text).forms["/account/second-factor"]
    origin = {"Origin": server.base_url}
    step = int(time.time()) // STEP_S
    wrong = fields | {"code": "000000", "current": PASSWORD}
    refused = await browser.post("/account/second-factor", data=wrong, headers=origin)
    assert refused.status_code == 400
    right = fields | {"code": code_at(secret, step), "current": PASSWORD}
    done = await browser.post("/account/second-factor", data=right, headers=origin)
    assert done.headers["location"] == "/account?done=turned_on"
    assert (await members.find(database, owner.id)).two_factor
    async with browsing(server) as other:
        assert (await sign_in(other)).status_code == 403
        # the code that proved the secret works no second time
        assert (await sign_in(other, code=code_at(secret, step))).status_code == 403
        assert (await sign_in(other, code=code_at(secret, step + 1))).status_code == 303
    off = "/account/second-factor/off"
    assert (await send(browser, "/account", off, off_password="wrong")).status_code == 400
    assert (await send(browser, "/account", off, off_password=PASSWORD)).status_code == 303
    assert not (await members.find(database, owner.id)).two_factor


def _secret_of(uri: str) -> bytes:
    text = parse_qs(urlsplit(uri).query)["secret"][0]
    return base64.b32decode(text + "=" * (-len(text) % 8))


@pytest.mark.usefixtures("owner")
async def test_a_new_password_ends_other_sessions(
    browser: httpx.AsyncClient, server: Server
) -> None:
    await sign_in(browser)
    path = "/account/password"
    async with browsing(server) as other:
        await sign_in(other)
        wrong = await send(browser, "/account", path, current="x", password=NEW, repeat=NEW)
        assert wrong.status_code == 400
        done = await send(browser, "/account", path, current=PASSWORD, password=NEW, repeat=NEW)
        assert done.headers["location"] == "/account?done=password_changed"
        assert (await other.get("/account")).status_code == 303
        assert (await browser.get("/account")).status_code == 200
        assert (await sign_in(other)).status_code == 403
        assert (await sign_in(other, password=NEW)).status_code == 303


@pytest.mark.usefixtures("owner")
async def test_sessions_are_listed_and_ended(browser: httpx.AsyncClient, server: Server) -> None:
    await sign_in(browser)
    async with browsing(server) as other, browsing(server) as third:
        await sign_in(other)
        page = await browser.get("/account")
        assert text_of(page.text).count("Firefox, Linux") == 2
        (end,) = [path for path in Page(page.text).forms if path.endswith("/end")]
        assert (await send(browser, "/account", end)).status_code == 303
        assert (await other.get("/account")).status_code == 303
        await sign_in(third)
        await send(browser, "/account", "/account/sessions/end-others")
        assert (await third.get("/account")).status_code == 303
        assert (await browser.get("/account")).status_code == 200


async def test_an_invited_viewer_sees_their_apps_and_no_buttons(
    browser: httpx.AsyncClient, server: Server, database: db.Connection, owner: Member
) -> None:
    own = await add_issue(database, app_id="chat", title="ours")
    foreign = await add_issue(database, app_id="picture", title="theirs")
    await database.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('chat', 1, 'chat'), "
        "('picture', 2, 'picture') ON CONFLICT DO NOTHING"
    )
    await sign_in(browser, owner.email)
    shown = await send(
        browser, "/members", "/members", email="Vic@example.org", role="viewer", app=["chat"]
    )
    (path,) = LINK.findall(shown.text)
    async with browsing(server) as viewer:
        joined = await send(viewer, path, name="Vic", password=PASSWORD, repeat=PASSWORD)
        assert joined.status_code == 303
        listed = await viewer.get("/")
        assert "ours" in listed.text
        assert "theirs" not in listed.text
        assert "picture" not in (await viewer.get("/apps")).text
        assert (await viewer.get(f"/issues/{foreign}")).status_code == 404
        page = await viewer.get(f"/issues/{own}")
        assert set(Page(page.text).forms) == {"/sign-out", "/theme", ""}
        assert 'href="/members"' not in page.text
        fields = Page(page.text).forms["/sign-out"] | {"id": str(own), "deed": "do=resolve"}
        refused = await viewer.post("/issues/actions", data=fields)
        assert refused.status_code == 403
        assert "You may not do that" in refused.text
        for closed in ("/members", "/audit", "/apps/chat"):
            assert (await viewer.get(closed)).status_code == 403


async def test_a_password_link_lets_back_in(
    browser: httpx.AsyncClient, server: Server, database: db.Connection, owner: Member
) -> None:
    lost = await add_member(database, "mia@example.org", Role.MEMBER)
    await members.set_totp(database, SERVER, lost.id, b"sealed")
    await sign_in(browser, owner.email)
    at = f"/members/{lost.id}"
    (path,) = LINK.findall((await send(browser, at, f"{at}/password")).text)
    async with browsing(server) as theirs:
        assert (await send(theirs, path, password=NEW, repeat=NEW)).status_code == 303
        assert (await theirs.get("/account")).status_code == 200
        assert (await theirs.get(path)).status_code == 404
    assert not (await members.find(database, lost.id)).two_factor


async def test_a_disabled_member_is_out_at_once(
    browser: httpx.AsyncClient, server: Server, database: db.Connection, owner: Member
) -> None:
    member = await add_member(database, "mia@example.org", Role.MEMBER)
    await sign_in(browser, owner.email)
    at = f"/members/{member.id}"
    async with browsing(server) as theirs:
        await sign_in(theirs, member.email)
        assert (await send(browser, at, f"{at}/disable")).status_code == 303
        assert (await theirs.get("/account")).status_code == 303
        assert (await sign_in(theirs, member.email)).status_code == 403
        assert (await send(browser, at, f"{at}/enable")).status_code == 303
        assert (await sign_in(theirs, member.email)).status_code == 303


async def test_roles_and_apps_are_changed_and_the_last_owner_stays(
    browser: httpx.AsyncClient, database: db.Connection, owner: Member
) -> None:
    await database.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('chat', 1, 'chat') "
        "ON CONFLICT DO NOTHING"
    )
    member = await add_member(database, "mia@example.org", Role.MEMBER)
    await sign_in(browser, owner.email)
    at = f"/members/{member.id}"
    assert (await send(browser, at, at, role="admin", app=["chat"])).status_code == 303
    changed = await members.find(database, member.id)
    assert (changed.role, changed.apps) == (Role.ADMIN, ("chat",))
    own = f"/members/{owner.id}"
    refused = await send(browser, own, own, role="viewer")
    assert refused.status_code == 400
    assert "last owner" in refused.text


async def test_an_admin_makes_no_owner(
    browser: httpx.AsyncClient, database: db.Connection, owner: Member
) -> None:
    admin = await add_member(database, "ada@example.org", Role.ADMIN)
    await sign_in(browser, admin.email)
    page = await browser.get("/members")
    assert f'href="/members/{owner.id}"' not in page.text
    assert 'value="owner"' not in page.text
    invited = await send(browser, "/members", "/members", email="x@example.org", role="owner")
    assert invited.status_code == 403
    assert (await browser.get(f"/members/{owner.id}")).status_code == 403


@pytest.mark.usefixtures("owner")
async def test_an_app_is_made_and_changed_by_form(
    browser: httpx.AsyncClient, database: db.Connection
) -> None:
    await sign_in(browser)
    made = await send(browser, "/apps", "/apps", id="a/b c", platform="nestjs")
    assert made.headers["location"] == "/setup?app=a%2Fb+c&done=created"
    path = "/apps/a%2Fb%20c"
    page = await browser.get(made.headers["location"])
    assert re.search(r"http://[0-9a-f]{32}@127\.0\.0\.1:\d+/\d+", page.text)
    done = await send(
        browser, path, path, messages="*ResizeObserver*\r\n\r\nfoo*", eventsPerDay="5000",
        crawlers="1", sampleAfter="",
    )  # fmt: skip
    assert done.headers["location"] == f"{path}?done=saved"
    stored = await database.fetchval("SELECT settings FROM error_logs.apps WHERE id = 'a/b c'")
    assert stored["filters"]["messages"] == ["*ResizeObserver*", "foo*"]
    assert stored["filters"]["crawlers"] is True
    assert (stored["eventsPerDay"], stored["sampleAfter"]) == (5000, None)
    assert stored["allowedOrigins"] == ["*"]
    # what is not changed stays, and what is wrong is kept for another try
    wrong = await send(browser, path, path, eventsPerDay="many")
    assert wrong.status_code == 400
    assert 'value="many"' in wrong.text
    again = await database.fetchval("SELECT settings FROM error_logs.apps WHERE id = 'a/b c'")
    assert again == stored


@pytest.mark.usefixtures("owner")
async def test_keys_are_made_and_revoked(
    browser: httpx.AsyncClient, database: db.Connection
) -> None:
    await sign_in(browser)
    await send(browser, "/apps", "/apps", id="keyed")
    assert (await send(browser, "/apps/keyed", "/keys", key_name="web")).status_code == 303
    forms = Page((await browser.get("/apps/keyed")).text).forms
    first, second = (path for path in forms if path.endswith("/revoke"))
    for path in (first, second):
        assert (await send(browser, "/apps/keyed", path)).status_code == 303
    assert "X-App-Key" not in (await browser.get("/apps/keyed")).text
    left = "SELECT count(*) FROM error_logs.keys WHERE app_id = 'keyed' AND revoked_at IS NULL"
    assert await database.fetchval(left) == 0
    log = text_of((await browser.get("/audit?app=keyed")).text)
    assert log.count("key.revoke") == 2
    assert "member:olga@example.org" in log


async def test_a_token_is_made_shown_once_and_revoked(
    browser: httpx.AsyncClient, owner: Member
) -> None:
    """What was wrong is said at its field; the secret is on no other page."""
    await sign_in(browser, owner.email)
    nothing = await send(browser, "/tokens", "/tokens", name="ci", scope=[])
    assert nothing.status_code == 400
    assert "Choose at least one." in text_of(nothing.text)
    made = await send(browser, "/tokens", "/tokens", name="ci", scope=["read", "triage"], days="30")
    secret = next(word for word in text_of(made.text).split() if word.startswith("mana_"))

    def status() -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.get(f"{browser.base_url}/api/v1/issues", headers=headers).status_code

    assert await asyncio.to_thread(status) == 200
    page = await browser.get("/tokens")
    assert secret not in page.text
    assert "ci read triage all" in text_of(page.text)
    taken = await send(browser, "/tokens", "/tokens", name="ci", scope=["read"])
    assert "There is a token with this name." in text_of(taken.text)
    (revoke,) = [action for action in Page(page.text).forms if action.endswith("/revoke")]
    after = await send(browser, "/tokens", revoke)
    said = await browser.get(after.headers["location"])
    assert "nobody can use the token" in text_of(said.text)
    await asyncio.to_thread(wait_until, lambda: status() == 401, "the token to be useless")


async def test_an_admin_of_some_apps_sees_only_those(
    browser: httpx.AsyncClient, database: db.Connection, owner: Member
) -> None:
    await database.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('own', 71, 'own'), "
        "('other', 72, 'other') ON CONFLICT DO NOTHING"
    )
    admin = await add_member(database, "ada@example.org", Role.ADMIN, ("own",))
    await sign_in(browser, admin.email)
    assert (await browser.get("/apps/own")).status_code == 200
    assert (await browser.get("/apps/other")).status_code == 404
    assert (await send(browser, "/apps/own", "/keys", app="other")).status_code == 404
    assert (await send(browser, "/apps/own", "/keys", app="missing")).status_code == 404
    for closed in ("/members", f"/members/{owner.id}"):
        assert (await browser.get(closed)).status_code == 403
    assert owner.email not in (await browser.get("/audit")).text


async def test_the_audit_log_is_paged(
    browser: httpx.AsyncClient, database: db.Connection, owner: Member
) -> None:
    await database.execute(
        "INSERT INTO error_logs.audit_log (id, at, actor, action, subject) "
        "SELECT gen_random_uuid(), now() + n * interval '1 second', 'server', 'test.done', n::text "
        "FROM generate_series(1, 30) n"
    )
    await sign_in(browser, owner.email)
    page = await browser.get("/audit")
    assert page.text.count("test.done") == 25
    (older,) = re.findall(r'href="([^"]+)" rel="next"', page.text)
    assert (await browser.get(older)).text.count("test.done") == 5


async def test_the_first_start_prints_a_link_each_time_until_there_is_a_member(
    start_server: StartServer, migrated_dsn: str
) -> None:
    environ = {"DATABASE_URL": migrated_dsn, "MANA_ERRORS_LOG_FORMAT": "pretty"}
    server = start_server(start=False, **environ)
    found: list[str] = []
    for _ in range(2):
        server.spawn()
        seen = len(found)
        wait_until(lambda seen=seen: len(_welcomes(server)) > seen, "a link")
        found = _welcomes(server)
        wait_until(server.is_ready, "a ready server")
        async with browsing(server) as browser:
            statuses = [(await browser.get(path)).status_code for path in found]
            assert statuses == [*([404] * seen), 200]
        if seen:
            async with browsing(server) as browser:
                form = {"email": "o@example.org", "password": PASSWORD, "repeat": PASSWORD}
                assert (await send(browser, found[-1], **form)).status_code == 303
        server.stop()
    server.spawn()
    wait_until(server.is_ready, "a ready server")
    server.stop()
    assert _welcomes(server) == found


def _welcomes(server: Server) -> list[str]:
    if not server.log_path.exists():
        return []
    return re.findall(r"http://localhost:\d+(/welcome/[\w-]+)\n", server.log_path.read_text())


async def test_logs_hold_no_link(start_server: StartServer, migrated_dsn: str) -> None:
    server = start_server(DATABASE_URL=migrated_dsn)
    hint = "nobody can sign in yet"
    wait_until(lambda: hint in server.log_path.read_text(), "a hint")
    assert "/welcome/" not in server.log_path.read_text()
