"""The list of issues and one issue, for who signed in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from mana_errors.api.app import build
from mana_errors.config import load_settings
from mana_errors.model.health import Check
from mana_errors.store import db
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


async def test_triage_has_buttons_that_work(browser: httpx.AsyncClient, issue: UUID) -> None:
    path = f"/issues/{issue}"
    assert (await send(browser, path, path, status="resolved")).status_code == 303
    assert "resolved" in text_of((await browser.get(path)).text)
    assert (await send(browser, path, path, status="unresolved")).status_code == 303
    assert (await send(browser, path, path, status="gone")).status_code == 400


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
