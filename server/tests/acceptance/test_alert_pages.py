"""Pages of alerts: who sees and may do what."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest

from calls import Things, make_things
from mana_errors.api.app import build
from mana_errors.config import load_settings
from mana_errors.errors import BadRequest
from mana_errors.model.health import Check
from mana_errors.model.principal import Role
from mana_errors.model.rule import Occurs, Rule
from mana_errors.store import db, rules
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.web.words import LANGUAGES
from people import Page, add_member, send, session_of, text_of

# of every page; the nameless one closes the list of keys
OWN_FORMS = {"", "/sign-out", "/theme"}


@pytest.fixture
async def connection(migrated_dsn: str) -> AsyncIterator[Connection]:
    opened = await db.connect(migrated_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def mine(connection: Connection) -> Things:
    """One app's things; there is another app with as many."""
    await make_things(connection, "other")
    return await make_things(connection, "mine")


@pytest.fixture
async def of_all(connection: Connection) -> UUID:
    """A rule of all apps."""
    made = await rules.create(connection, Rule(name="of all", trigger=Occurs()), COMMAND)
    return made.id


@asynccontextmanager
async def browsing(
    dsn: str, data_dir: Path, role: Role, *apps: str
) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who sees these apps; none: all."""
    connection = await db.connect(dsn)
    member = await add_member(connection, f"{role}@example.org", role, apps or None)
    cookies = await session_of(connection, member)
    await connection.close()
    settings = load_settings({"MANA_ERRORS_DATA_DIR": str(data_dir)})
    app = build(settings, dsn, lambda: [Check("spool", ok=True, detail="")])
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:3001", cookies=cookies
        ) as client:
            yield client
    finally:
        await app.close()


async def test_who_reads_has_no_buttons(
    connection: Connection, migrated_dsn: str, tmp_path: Path, mine: Things, of_all: UUID
) -> None:
    """And sees no addresses of people."""
    target = {"kind": "email", "to": ["boss@example.org"]}
    await connection.execute("UPDATE error_logs.channels SET target = $1", target)
    async with browsing(migrated_dsn, tmp_path, Role.VIEWER) as reader:
        for path in ("/alerts", "/alerts/rules", "/alerts/channels"):
            page = (await reader.get(path)).text
            assert set(Page(page).forms) - {"/alerts"} == OWN_FORMS, path
            assert "/alerts/deliveries" not in page
            assert "/alerts/rules/new" not in page
            assert "boss@example.org" not in page
        page = text_of((await reader.get("/alerts/rules")).text)
        assert "of all" in page
        assert "mine rule" in page
        why = await reader.get(f"/issues/{mine.issue}/why?rule={of_all}")
        assert "It would fire with the next event" in why.text


async def test_an_admin_of_an_app_keeps_its_rules_and_no_others(
    migrated_dsn: str, tmp_path: Path, mine: Things, of_all: UUID
) -> None:
    async with browsing(migrated_dsn, tmp_path, Role.ADMIN, "mine") as admin:
        page = (await admin.get("/alerts/rules")).text
        assert f"/alerts/rules/{mine.rule}/switch" in page
        assert f"/alerts/rules/{of_all}" not in page
        assert "of all" in text_of(page)
        assert "other rule" not in text_of(page)
        assert (await admin.get(f"/alerts/rules/{of_all}")).status_code == 403
        for path in ("/alerts/deliveries", "/alerts/channels/new/slack"):
            assert (await admin.get(path)).status_code == 403
        new = "/alerts/rules/new"
        refused = await send(admin, new, "/alerts/rules", name="for all")
        assert refused.status_code == 400
        assert "a rule of all apps needs somebody who sees all" in refused.text
        assert "for all" not in text_of((await admin.get("/alerts/rules")).text)
        refused = await send(admin, new, "/alerts/rules", name="for others", apps="other")
        assert refused.status_code == 404
        made = await send(admin, new, "/alerts/rules", name="for mine", apps="mine")
        assert made.headers["location"] == "/alerts/rules?done=saved"
        page = text_of((await admin.get("/alerts?app=other")).text)
        assert "other title" not in page


async def test_a_rule_shared_with_an_app_of_others_is_read_without_buttons(
    connection: Connection, migrated_dsn: str, tmp_path: Path, mine: Things
) -> None:
    shared = Rule(name="shared", trigger=Occurs(), apps=("mine", "other"))
    made = await rules.create(connection, shared, COMMAND)
    async with browsing(migrated_dsn, tmp_path, Role.ADMIN, "mine") as admin:
        page = (await admin.get("/alerts/rules")).text
        assert "shared" in page
        assert " other " not in text_of(page)
        assert f"/alerts/rules/{made.id}" not in page
        assert f"/alerts/rules/{mine.rule}" in page


async def test_a_rule_whose_channel_is_gone_is_still_switched_off(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """And not changed otherwise, before another one is chosen."""
    [default] = await rules.listed(connection, None)
    await connection.execute("UPDATE error_logs.channels SET deleted_at = now()")
    path = f"/alerts/rules/{default.id}"
    async with browsing(migrated_dsn, tmp_path, Role.OWNER) as owner:
        done = await send(owner, "/alerts/rules", f"{path}/switch")
        assert done.headers["location"] == "/alerts/rules?done=saved"
        assert not (await rules.find(connection, default.id, None)).rule.enabled
    changed = msgspec.structs.replace(default.rule, name="else")
    with pytest.raises(BadRequest, match="channels: there is no channel"):
        await rules.change(connection, default.id, changed, COMMAND)


async def test_a_rule_that_cannot_be_applied_says_so(
    connection: Connection, migrated_dsn: str, tmp_path: Path, mine: Things
) -> None:
    await connection.execute(
        """UPDATE error_logs.rules SET body = body || '{"filter": "gone:1"}', failure = 'no gone'
        WHERE id = $1""",
        mine.rule,
    )
    async with browsing(migrated_dsn, tmp_path, Role.OWNER) as owner:
        assert "no gone" in (await owner.get("/alerts/rules")).text
        assert "no gone" in (await owner.get(f"/alerts/rules/{mine.rule}")).text
        why = text_of((await owner.get(f"/issues/{mine.issue}/why?rule={mine.rule}")).text)
        assert "This rule cannot be applied no gone" in why


@pytest.mark.parametrize("path", ["/alerts", "/alerts/rules", "/alerts/channels"])
async def test_what_strangers_say_of_filters_is_an_error_not_a_failure(
    migrated_dsn: str, tmp_path: Path, path: str
) -> None:
    async with browsing(migrated_dsn, tmp_path, Role.OWNER) as owner:
        for query in ("rule=7", "issue=x", "cursor=x"):
            answer = await owner.get(f"{path}?{query}")
            assert answer.status_code == (400 if path == "/alerts" else 200)


def test_all_languages_say_the_same() -> None:
    """The same words with the same gaps."""
    english, *others = (
        {name: sorted(re.findall(r"{\w*}", text)) for name, text in words.items()}
        for words in LANGUAGES.values()
    )
    assert [gaps for gaps in others if gaps != english] == []
