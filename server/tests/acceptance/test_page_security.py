"""What pages must not let others do: forge, plant, frame, redirect, rebind, leak."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import StartServer
from harness import Server, wait_until
from mana_errors.model.member import Member
from mana_errors.model.principal import SCOPES_OF, Role
from mana_errors.store import db, sessions
from mana_errors.web.forms import MAX_BYTES, is_token, token_for
from mana_errors.web.page import Page as ClosedPage
from mana_errors.web.pages import PAGES
from mana_errors.web.visit import own_path
from people import PASSWORD, Page, add_member, send, session_of
from rows import add_issue

INLINE = r"<script(?! type=.module. src=)|<style|\sstyle=|\son\w+="
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def database(server: Server) -> AsyncIterator[db.Connection]:
    connection = await db.connect(server.environ["DATABASE_URL"])
    await connection.execute("TRUNCATE error_logs.members, error_logs.sign_in_failures CASCADE")
    yield connection
    await connection.close()


@asynccontextmanager
async def browsing(server: Server, **cookies: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.base_url, cookies=cookies, timeout=30) as client:
        yield client


@pytest.fixture
async def owner(database: db.Connection) -> Member:
    return await add_member(database)


@pytest.fixture
async def browser(
    server: Server, database: db.Connection, owner: Member
) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's."""
    async with browsing(server, **await session_of(database, owner)) as client:
        yield client


async def fields_of(browser: httpx.AsyncClient, path: str, action: str) -> dict[str, str]:
    return Page((await browser.get(path)).text).forms[action]


CLOSED = [page for page in PAGES if page.scope is not None]


def path_of(path: str) -> str:
    return re.sub(r"{id(:path)?}", "01a2058f-8d12-7e1b-aeb0-1edb49477bd4", path)


@pytest.mark.parametrize("page", CLOSED, ids=lambda page: f"{page.method} {page.path}")
async def test_guests_reach_nothing_but_the_way_in(server: Server, page: ClosedPage) -> None:
    method, path = page.method, path_of(page.path)
    async with browsing(server) as guest:
        answer = await guest.request(method, path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        guest.cookies["mana_session"] = "A" * 43
        assert (await guest.request(method, path)).status_code == 303


@pytest.mark.parametrize("role", list(Role))
async def test_every_page_asks_for_its_scope(
    server: Server, database: db.Connection, role: Role
) -> None:
    member = await add_member(database, f"{role}@example.org", role)
    async with browsing(server, **await session_of(database, member)) as visitor:
        for page in CLOSED:
            allowed = page.scope in SCOPES_OF[role]
            # headers alone: a live page goes on
            async with visitor.stream(page.method, path_of(page.path)) as answer:
                if not (allowed and page.method == "GET"):
                    await answer.aread()
            if not allowed:
                assert answer.status_code == 403, (page, answer.text)
                assert "You may not do that" in answer.text
            elif page.method == "GET":
                assert answer.status_code in {200, 404}, page
            else:
                assert answer.status_code in {403, 415}, page
                assert "You may not do that" not in answer.text


@pytest.mark.usefixtures("owner")
async def test_a_form_needs_the_token_of_its_own_session(
    browser: httpx.AsyncClient, server: Server, database: db.Connection
) -> None:
    other = await add_member(database, "eve@example.org", Role.MEMBER)
    good = await fields_of(browser, "/account", "/account")
    async with browsing(server, **await session_of(database, other)) as eve:
        evil = await fields_of(eve, "/account", "/account")
        planted = eve.cookies["mana_form"]
    for token in ("", "x", "é", evil["form_token"]):
        refused = await browser.post("/account", data=good | {"name": "E", "form_token": token})
        assert refused.status_code == 403
        assert "no longer valid" in refused.text
    # another's cookie together with its token: planted from a neighbour below the same domain
    browser.cookies["mana_form"] = planted
    refused = await browser.post("/account", data=evil | {"name": "Eve"})
    assert refused.status_code == 403
    assert await database.fetchval("SELECT name FROM error_logs.members WHERE name <> ''") is None


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
async def test_a_form_from_another_site_is_refused(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    fields = await fields_of(browser, "/account", "/account")
    refused = await browser.post("/account", data=fields, headers=headers)
    assert refused.status_code == 403
    fields = await fields_of(browser, "/", "/sign-out")
    assert (await browser.post("/sign-out", data=fields, headers=headers)).status_code == 403
    assert (await browser.get("/account")).status_code == 200


async def test_signing_in_gives_a_new_secret_and_ends_the_old_session(
    server: Server, database: db.Connection, owner: Member
) -> None:
    """Whatever somebody planted in the browser is no session of anybody afterwards."""
    eve = await add_member(database, "eve@example.org", Role.VIEWER)
    planted = (await session_of(database, eve))["mana_session"]
    async with browsing(server, mana_session="planted") as browser:
        form = {"email": owner.email, "password": PASSWORD}
        entered = await send(browser, "/sign-in", "/sign-in", **form)
        assert entered.status_code == 303
        fresh = re.search(r"mana_session=([^;]+)", entered.headers["set-cookie"])
        assert fresh is not None
        assert fresh[1] not in {"planted", planted}
        assert await sessions.find(database, "planted") is None


@pytest.mark.usefixtures("owner")
async def test_cookies_are_kept_from_scripts_and_other_sites(server: Server) -> None:
    async with browsing(server) as browser:
        form = {"email": "olga@example.org", "password": PASSWORD}
        entered = await send(browser, "/sign-in", "/sign-in", **form)
        page = await browser.get("/sign-in")
        cookies = [*entered.headers.get_list("set-cookie"), *page.headers.get_list("set-cookie")]
        assert any(cookie.startswith("mana_session=") for cookie in cookies)
        for cookie in cookies:
            parts = {part.strip().lower() for part in cookie.split(";")}
            assert {"httponly", "samesite=lax", "path=/"} <= parts
            assert not any(part.startswith("domain") for part in parts)


async def test_behind_https_cookies_are_secure_and_bound_to_the_host(
    start_server: StartServer, migrated_dsn: str
) -> None:
    public = "https://errors.example.org"
    server = start_server(DATABASE_URL=migrated_dsn, MANA_ERRORS_PUBLIC_URL=public)
    connection = await db.connect(migrated_dsn)
    secret = (await session_of(connection, await add_member(connection)))["mana_session"]
    await connection.close()
    name = "__Host-mana_session"
    about = {"Host": "errors.example.org", "Sec-Fetch-Site": "same-origin", "Origin": public}
    async with browsing(server) as browser:
        page = await browser.get("/sign-in", headers=about)
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("__Host-mana_form=")
        assert "Secure" in cookie
        # the other name can be planted by a neighbour or on the line: it counts for nothing
        plain = await browser.get("/", headers=about | {"Cookie": f"mana_session={secret}"})
        assert plain.status_code == 303
        bound = {"Cookie": f"{name}={secret}; {cookie.partition(';')[0]}"}
        shown = await browser.get("/account", headers=about | bound)
        assert shown.status_code == 200
        fields = Page(shown.text).forms["/account"]
        for origin, status in ((public, 303), ("http://errors.example.org", 403)):
            headers = about | bound | {"Origin": origin}
            assert (await browser.post("/account", data=fields, headers=headers)).status_code == (
                status
            )
        foreign = await browser.get("/sign-in", headers={"Host": "elsewhere.example"})
        assert foreign.status_code == 403


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io"])
async def test_other_names_get_no_page(browser: httpx.AsyncClient, host: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/sign-in"), ("POST", "/sign-in")):
        answer = await browser.request(method, path, headers={"Host": host, **FORM})
        assert answer.status_code == 403
        assert "MANA_ERRORS_PUBLIC_URL" in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:3001", "127.0.0.1:3001", "[::1]:3001", "192.0.2.7"]
)
async def test_names_of_this_machine_and_addresses_are_known(
    browser: httpx.AsyncClient, host: str
) -> None:
    assert (await browser.get("/sign-in", headers={"Host": host})).status_code in {200, 303}


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "", "/\x00",
        "http:/evil.example", "/" + "x" * 3000, " //evil.example", "/ä", "///evil.example",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("owner")
async def test_signing_in_leads_nowhere_else(server: Server, path: str) -> None:
    assert own_path(path) == "/"
    if "\x00" in path:
        return
    async with browsing(server) as browser:
        form = {"email": "olga@example.org", "password": PASSWORD, "next": path}
        entered = await send(browser, "/sign-in", "/sign-in", **form)
        assert entered.headers["location"] == "/"
        again = await browser.get(f"/sign-in?{urlencode({'next': path})}")
        assert again.headers["location"] == "/"


@given(st.text(alphabet="/\\.:@?#%a\t\n\r ;x", max_size=12))
def test_whatever_is_wanted_it_is_a_path_of_ours(wanted: str) -> None:
    path = own_path(wanted)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not set(path) & set("\\\t\n\r")


async def test_every_page_forbids_frames_scripts_and_keeping(
    browser: httpx.AsyncClient, server: Server, database: db.Connection
) -> None:
    issue = await add_issue(database, app_id="chat")
    paths = [
        "/", f"/issues/{issue}", "/account", "/account/second-factor", "/members", "/apps",
        "/audit", "/docs", "/nothing", "/welcome/x", "/issues/7",
    ]  # fmt: skip
    async with browsing(server) as guest:
        answers = [await browser.get(path, headers={"Accept": "text/html"}) for path in paths]
        answers.append(await guest.get("/sign-in"))
        answers.append(await guest.post("/sign-in"))
        answers.append(await guest.delete("/sign-in"))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(INLINE, answer.text)


@pytest.mark.usefixtures("owner")
async def test_every_field_has_a_name_for_those_who_hear_it(
    browser: httpx.AsyncClient, database: db.Connection
) -> None:
    await database.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('chat', 1, 'chat') "
        "ON CONFLICT DO NOTHING"
    )
    for path in ("/", "/account", "/account/second-factor", "/members", "/apps", "/apps/chat"):
        html = (await browser.get(path)).text
        tags = Page(html).tags
        named = {of["for"] for tag, of in tags if tag == "label" and "for" in of}
        ids = [of["id"] for _, of in tags if "id" in of]
        assert len(ids) == len(set(ids)), path
        for tag, of in tags:
            if tag not in {"input", "select", "textarea"} or of.get("type") == "hidden":
                continue
            wrapped = of.get("type") in {"checkbox", "search"} or of.get("name") in {
                "app",
                "status",
                "sort",
            }
            wrapped = wrapped or "aria-label" in of
            assert "hidden" in of or wrapped or of["id"] in named, (path, of)
            for described in of.get("aria-describedby", "").split():
                assert described in ids


@pytest.mark.usefixtures("owner")
async def test_forms_are_bounded_and_of_one_kind(browser: httpx.AsyncClient) -> None:
    token = (await fields_of(browser, "/account", "/account"))["form_token"]
    large = f"form_token={token}&name={'x' * MAX_BYTES}"
    assert (await browser.post("/account", content=large, headers=FORM)).status_code == 413
    many = f"form_token={token}" + "&a=b" * 5000
    assert (await browser.post("/account", content=many, headers=FORM)).status_code == 400
    for body in (f"form_token={token}&name=%00", f"form_token={token}&name=%FF", b"\xff=1"):
        assert (await browser.post("/account", content=body, headers=FORM)).status_code == 400
    for media in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        answer = await browser.post("/account", content="{}", headers={"Content-Type": media})
        assert answer.status_code == 415


@pytest.mark.usefixtures("owner")
async def test_what_people_call_themselves_is_text(browser: httpx.AsyncClient) -> None:
    evil = "<script>alert(1)</script>"
    await send(browser, "/account", "/account", name=evil)
    for path in ("/account", "/members"):
        page = (await browser.get(path, headers={"User-Agent": evil})).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


def test_a_token_fits_one_cookie_and_one_session() -> None:
    token = token_for("cookie", "session")
    assert is_token(token, "cookie", "session")
    assert not is_token(token, "cookie", "guest")
    assert not is_token(token, "cooki", "esession")
    assert not is_token(token[:-2], "cookie", "session")


async def test_failures_of_one_time_links_keep_their_secret_out_of_the_log(
    start_server: StartServer,
) -> None:
    """A path with a secret in it is no text for logs, even where the page fails."""
    server = start_server(start=False, DATABASE_URL="postgresql://nobody@/none?host=/nonexistent")
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "a live server")
    async with browsing(server) as browser:
        assert (await browser.get("/welcome/verysecretvalue")).status_code == 503
    assert "verysecretvalue" not in server.log_path.read_text()
