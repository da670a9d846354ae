"""The list of issues and one issue, for who signed in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from mana_errors.api.app import build
from mana_errors.config import load_settings
from mana_errors.model.app_change import NewApp
from mana_errors.model.health import Check
from mana_errors.store import apps, db
from mana_errors.store.audit import SERVER
from mana_errors.web.words import LANGUAGES, pick_language
from people import add_member, send, session_of, text_of
from rows import NOON, add_event, add_issue

NOWHERE = "postgresql://nobody@/none?host=/nonexistent"
EVIL = "<script>alert('x')</script>"


@asynccontextmanager
async def browsing(dsn: str, data_dir: Path, **cookies: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with these cookies."""
    settings = load_settings({"MANA_ERRORS_DATA_DIR": str(data_dir)})
    app = build(settings, dsn, lambda: [Check("spool", ok=True, detail="")])
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost:3001", cookies=cookies
    ) as client:
        yield client
    await app.close()


@pytest.fixture
async def browser(migrated_dsn: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An owner's."""
    connection = await db.connect(migrated_dsn)
    cookies = await session_of(connection, await add_member(connection))
    await connection.close()
    async with browsing(migrated_dsn, tmp_path, **cookies) as client:
        yield client


@pytest.fixture
async def issue(migrated_dsn: str) -> UUID:
    """An issue with one event, both full of markup."""
    connection = await db.connect(migrated_dsn)
    issue_id = await add_issue(connection, title=EVIL, culprit=EVIL, app_id="shop", count=12345)
    await add_event(
        connection, issue_id, message=EVIL, stack_trace=f"{EVIL}\n  at x", request_url=EVIL,
        request_method="GET", context={EVIL: EVIL},
    )  # fmt: skip
    await connection.close()
    return issue_id


async def test_an_empty_server_shows_a_curl_line_that_works_here(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/")).text
    assert "curl http://localhost:3001/api/v1/errors" in page


async def test_the_list_leads_to_the_issue(browser: httpx.AsyncClient, issue: UUID) -> None:
    page = await browser.get("/")
    assert page.status_code == 200
    assert f'href="/issues/{issue}"' in page.text
    assert "12\u202f345" in page.text
    assert f'<time datetime="{NOON:%Y-%m-%dT%H:%M:%SZ}"' in page.text
    detail = await browser.get(f"/issues/{issue}")
    assert detail.status_code == 200
    assert "cart.ts total" in detail.text


async def test_what_strangers_wrote_is_text(browser: httpx.AsyncClient, issue: UUID) -> None:
    for path in ("/", f"/issues/{issue}", f"/?q={EVIL}"):
        page = (await browser.get(path)).text
        assert page.count("<script") == page.count('<script type="module" src="/assets/')
        assert "&lt;script&gt;" in page


async def test_the_form_filters(browser: httpx.AsyncClient, issue: UUID) -> None:
    hit = await browser.get("/?q=&app=shop&status=unresolved")
    assert str(issue) in hit.text
    assert "<option selected>shop</option>" in hit.text
    miss = await browser.get("/?q=&app=&status=resolved")
    assert str(issue) not in miss.text
    assert "No issue matches." in miss.text
    assert (await browser.get("/?status=open")).status_code == 400


async def test_older_issues_keep_the_filters(browser: httpx.AsyncClient, migrated_dsn: str) -> None:
    connection = await db.connect(migrated_dsn)
    for _ in range(26):
        await add_issue(connection, app_id="a&b")
    await connection.close()
    page = (await browser.get("/?app=a%26b")).text
    (link,) = re.findall(r'href="([^"]+)" rel="next"', page)
    older = await browser.get(link.replace("&amp;", "&"))
    assert older.text.count('href="/issues/') == 1


@pytest.mark.parametrize("path", ["/issues/7", f"/issues/{UUID(int=7)}", "/nothing"])
async def test_what_does_not_exist_is_a_page_too(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "Not found" in answer.text


async def test_without_a_database_the_page_says_so(tmp_path: Path) -> None:
    async with browsing(NOWHERE, tmp_path, mana_session="x") as browser:
        answer = await browser.get("/")
        assert answer.status_code == 503
        assert "Reports are still accepted" in answer.text
        assert int(answer.headers["retry-after"]) > 0


async def act(browser: httpx.AsyncClient, issue: UUID, action: str, **more: str) -> httpx.Response:
    """Press a button of the issue's page; the page that follows."""
    path = f"/issues/{issue}"
    form = {"id": str(issue), "back": path, "deed": action, **more}
    done = await send(browser, path, "/issues/actions", **form)
    assert done.status_code == 303, done.text
    return await browser.get(done.headers["location"])


@pytest.mark.parametrize(
    ("action", "more", "said"),
    [
        ("do=resolve", {}, "Resolved."),
        ("do=resolve&inNextRelease=true", {}, "No release that has the fix was seen yet."),
        ("do=resolve", {"inRelease": "2.0"}, "Resolved in release 2.0"),
        ("do=ignore", {}, "Ignored."),
        ("do=ignore&hours=24", {}, "Ignored until 20"),
        ("do=ignore", {"events": "7"}, "Ignored until 7 more events"),
        ("do=ignore", {"perHour": "8"}, "Ignored until 8 events in an hour"),
        ("do=ignore", {"users": "9"}, "Ignored until 9 users have met it"),
    ],
)
async def test_what_is_done_about_an_issue_is_said_and_taken_back(
    browser: httpx.AsyncClient, issue: UUID, action: str, more: dict[str, str], said: str
) -> None:
    page = await act(browser, issue, action, **more)
    assert said in text_of(page.text)
    (undo,) = re.findall(r'name="undo" value="([^"]+)"', page.text)
    back = await send(browser, str(page.url), "/issues/undo", undo=undo)
    assert "Taken back." in text_of((await browser.get(back.headers["location"])).text)
    assert said not in text_of((await browser.get(f"/issues/{issue}")).text)


async def test_an_issue_is_assigned_and_given_up(browser: httpx.AsyncClient, issue: UUID) -> None:
    shown = (await browser.get(f"/issues/{issue}")).text
    (member,) = set(re.findall(r'value="do=assign&amp;member=([^"]+)"', shown))
    page = await act(browser, issue, f"do=assign&member={member}")
    assert "assigned it to olga@example.org" in text_of(page.text)
    page = await act(browser, issue, "do=assign")
    assert "assigned it to nobody" in text_of(page.text)


async def test_an_issue_is_made_urgent(browser: httpx.AsyncClient, issue: UUID) -> None:
    page = await act(browser, issue, "do=prioritize&priority=high")
    assert 'class="mark priority-high"' in page.text


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("do=gone", {}),
        ("", {}),
        ("do=ignore&hours=x", {}),
        ("do=ignore", {"events": "0"}),
        ("do=ignore", {"events": "1", "users": "1"}),
        ("do=assign&member=7", {}),
        ("do=resolve", {"id": "7"}),
        ("do=merge", {}),
    ],
)
async def test_what_cannot_be_done_is_a_bad_request(
    browser: httpx.AsyncClient, issue: UUID, action: str, more: dict[str, str]
) -> None:
    form = {"id": str(issue), "deed": action, **more}
    answer = await send(browser, f"/issues/{issue}", "/issues/actions", **form)
    assert answer.status_code == 400


async def test_several_issues_are_resolved_at_once(
    browser: httpx.AsyncClient, migrated_dsn: str
) -> None:
    connection = await db.connect(migrated_dsn)
    ids = [str(await add_issue(connection)) for _ in range(3)]
    done = await send(browser, "/?q=thing", "/issues/actions", id=ids[:2], deed="do=resolve")
    assert done.headers["location"].startswith("/?q=thing&done=done_resolve&undo=")
    open_ = await connection.fetch("SELECT id FROM error_logs.issues WHERE status = 'unresolved'")
    assert [str(row["id"]) for row in open_] == ids[2:]
    await connection.close()


async def test_comments_are_markdown_without_html(browser: httpx.AsyncClient, issue: UUID) -> None:
    path = f"/issues/{issue}"
    text = f"**so** [it]( https://x.example) {EVIL} [no](javascript:alert(1)) ![](https://x/y.png)"
    assert (await send(browser, path, f"{path}/comments", text=text)).status_code == 303
    page = (await browser.get(path)).text
    assert "<strong>so</strong>" in page
    assert '<a href="https://x.example" rel="noopener noreferrer nofollow">' in page
    assert EVIL not in page
    assert 'href="javascript' not in page
    assert '<img src="https' not in page
    (edit,) = set(re.findall(rf'action="({path}/activity/[^"/]+)"', page))
    assert (await send(browser, path, edit, text="better")).status_code == 303
    assert "better" in (await browser.get(path)).text
    assert (await send(browser, path, f"{edit}/delete")).status_code == 303
    assert "better" not in (await browser.get(path)).text


async def test_links_to_trackers_are_of_the_web(browser: httpx.AsyncClient, issue: UUID) -> None:
    path = f"/issues/{issue}"
    url = "https://tracker.example/42"
    assert (await send(browser, path, f"{path}/links", url=url, title="42")).status_code == 303
    assert f'href="{url}" rel="noopener' in (await browser.get(path)).text
    bad = await send(browser, path, f"{path}/links", url="javascript:alert(1)", title="")
    assert bad.status_code == 400


async def test_an_event_has_its_own_page(
    browser: httpx.AsyncClient, migrated_dsn: str, issue: UUID
) -> None:
    connection = await db.connect(migrated_dsn)
    early = await add_event(connection, issue, message="the early one")
    other = await add_issue(connection)
    await connection.close()
    page = await browser.get(f"/issues/{issue}/events/{early}")
    assert "the early one" in page.text
    assert (await browser.get(f"/events/{early}")).headers["location"] == page.url.path
    assert (await browser.get(f"/issues/{other}/events/{early}")).status_code == 404
    listed = await browser.get(f"/issues/{issue}/events")
    assert page.url.path in listed.text
    assert (await browser.get(f"/issues/{issue}/events?user=nobody")).text.count("<tr") == 0


async def test_an_event_can_be_copied(
    browser: httpx.AsyncClient, migrated_dsn: str, issue: UUID
) -> None:
    connection = await db.connect(migrated_dsn)
    event = await add_event(connection, issue, stack_trace="E: x\n  at f (a.js:1:2)")
    await connection.close()
    text = await browser.get(f"/events/{event}/text")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.text == "TypeError: no such thing\n    at f (a.js:1:2)"
    assert "```" in (await browser.get(f"/events/{event}/markdown")).text


async def test_the_theme_is_the_browsers_choice(browser: httpx.AsyncClient, issue: UUID) -> None:
    referer = {"Referer": f"http://localhost:3001/issues/{issue}?x=1#y"}
    chosen = await send(browser, "/", "/theme", headers=referer, theme="dark")
    assert chosen.headers["location"] == f"/issues/{issue}?x=1"
    assert 'data-theme="dark"' in (await browser.get("/")).text
    assert (await send(browser, "/", "/theme", theme="pink")).status_code == 400


async def test_pages_travel_packed(browser: httpx.AsyncClient, issue: UUID) -> None:
    page = await browser.get(f"/issues/{issue}")
    assert page.headers["content-encoding"] == "gzip"
    plain = await browser.get(f"/issues/{issue}", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(page.headers["content-length"]) < len(plain.content) / 2


async def test_pages_obey_their_own_policy(browser: httpx.AsyncClient, issue: UUID) -> None:
    """Scripts and styles are files of ours; nothing is from elsewhere."""
    for path in ("/", f"/issues/{issue}", "/docs"):
        page = await browser.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "script-src 'self';" in policy
        assert "trusted-types 'none'" in policy
        assert not re.search(r"<script(?! type=.module. src=)|<style|\sstyle=|\son\w+=", page.text)
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert not [address for address in loaded if "//" in address]
        (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
        sheet = await browser.get(style)
        assert sheet.headers["content-type"].startswith("text/css")
        assert "immutable" in sheet.headers["cache-control"]
        (script,) = re.findall(r'<script type="module" src="([^"]+)"', page.text)
        code = await browser.get(script)
        assert code.headers["content-type"].startswith("text/javascript")
        assert "immutable" in code.headers["cache-control"]


@pytest.mark.usefixtures("issue")
async def test_german_readers_read_german(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/", headers={"Accept-Language": "de-CH,de;q=0.9,en;q=0.8"})
    assert '<html lang="de">' in page.text
    assert "Zuletzt gesehen" in page.text
    assert page.headers["vary"] == "Accept-Language, Cookie, Accept-Encoding"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "en"),
        ("fr, de;q=0.5", "de"),
        ("de;q=0.1, en;q=0.2", "en"),
        ("de;q=0", "en"),
        ("de;q=x, ,;", "en"),
        ("DE", "de"),
    ],
)
def test_the_language_is_the_best_of_ours(header: str, language: str) -> None:
    assert pick_language(header) == language


def test_every_word_is_in_every_language() -> None:
    assert {frozenset(words) for words in LANGUAGES.values()} == {frozenset(LANGUAGES["en"])}


async def test_what_is_to_be_typed_is_marked_as_code(browser: httpx.AsyncClient) -> None:
    over = await browser.get("/welcome/x")
    assert "<code>mana-errors member create EMAIL --role owner</code>" in over.text
    assert "&lt;code" not in (await browser.get("/docs")).text


async def test_an_apps_id_cannot_break_out_of_the_code_to_be_pasted(
    browser: httpx.AsyncClient, migrated_dsn: str
) -> None:
    connection = await db.connect(migrated_dsn)
    evil = "x'\"});evil();//"
    await apps.create(connection, NewApp(evil), SERVER)
    await connection.close()
    page = unescape((await browser.get("/setup", params={"app": evil})).text)
    assert 'appId: "x\'\\"});evil();//" }' in page
    assert (await browser.get("/setup?app=nothing")).status_code == 404


async def test_a_search_is_kept_and_forgotten(browser: httpx.AsyncClient, issue: UUID) -> None:
    path = "/?q=app:shop+severity:error"
    saved = await send(browser, path, "/views", name="Shop's errors")
    assert saved.headers["location"] == "/?q=app%3Ashop+severity%3Aerror&sort=lastSeen&done=saved"
    page = (await browser.get("/")).text
    assert 'href="/?q=app%3Ashop+severity%3Aerror&amp;sort=lastSeen"' in page
    (delete,) = re.findall(r'action="(/views/[^"]+/delete)"', page)
    assert (await send(browser, "/", delete)).status_code == 303
    assert "Shop" not in text_of((await browser.get("/")).text)
    assert issue


@pytest.mark.usefixtures("issue")
async def test_a_search_that_cannot_be_read_is_marked_at_its_character(
    browser: httpx.AsyncClient,
) -> None:
    wrong = await browser.get("/?q=app:shop+foo:bar")
    assert wrong.status_code == 400
    assert "<code>app:shop <mark>f</mark>oo:bar</code>" in wrong.text
    assert 'value="app:shop foo:bar"' in wrong.text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 'value="24" selected'),
        ("hours=168&from=2026-01-01T00:00", 'value="168" selected'),
        ("hours=7", 'value="24" selected'),
        ("hours=&from=2026-01-01T00:00", 'value="2026-01-01T00:00:00"'),
        ("from=2026-01-01T00:00:30%2B01:00", 'value="2025-12-31T23:00:30"'),
        ("to=2026-01-02T00:00:00", 'value="2026-01-01T00:00:00"'),
    ],
)
async def test_events_are_of_a_stretch_of_time(
    browser: httpx.AsyncClient, query: str, shown: str
) -> None:
    """One that ends now, or from and to; forms give these in UTC and without a zone."""
    page = await browser.get(f"/events?{query}")
    assert page.status_code == 200
    assert shown in page.text


async def test_exports_have_the_pages_search_time_and_columns(browser: httpx.AsyncClient) -> None:
    page = await browser.get(
        "/events?q=a&app=shop&from=2026-01-01T00:00&to=2026-01-02T00:00&columns=weight&by=type"
    )
    links = re.findall(r'href="(/api/v1/events/export[^"]+)', page.text)
    asked = parse_qs(urlsplit(unescape(links[0])).query)
    assert asked == {
        "q": ["a"],
        "app": ["shop"],
        "from": ["2026-01-01T00:00:00+00:00"],
        "to": ["2026-01-02T00:00:00+00:00"],
        "columns": ["occurredAt,weight"],
        "format": ["csv"],
    }
    assert (await browser.get(unescape(links[0]))).status_code == 200


@pytest.mark.parametrize(
    "query", ["columns=nope", "from=yesterday", "from=2026-01-02&to=x", "by=x"]
)
async def test_events_of_nonsense_are_refused(browser: httpx.AsyncClient, query: str) -> None:
    assert (await browser.get(f"/events?{query}")).status_code == 400
