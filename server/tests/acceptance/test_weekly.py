"""The weekly report on a running server: by command, and who wants it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from harness import Server, wait_until
from mailing import mailing
from mana_errors.alerts.links import Links
from mana_errors.config import load_settings
from mana_errors.store import weekly
from mana_errors.store.db import Connection
from mana_errors.store.secrets import link_key
from people import add_member, send, session_of
from rows import add, add_issue


async def _week(connection: Connection) -> None:
    monday = date.today() - timedelta(days=date.today().weekday() + 7)  # noqa: DTZ011 - UTC here
    hour = datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC)
    issue = await add_issue(
        connection, title="TypeError: <b>no</b>", first_seen=hour, last_seen=hour, users=3
    )
    await add(connection, "rollups", grouping_hash=issue, hour=hour, environment="", release="",
              count=1234)  # fmt: skip


def test_a_report_is_printed_and_saved(server: Server, tmp_path: Path) -> None:
    """As text, and as what the e-mail shows."""
    server.in_database(_week)
    done = server.cli("report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Your week: 1\u202f234 events, 1 new issue\n")
    assert "TypeError: <b>no</b>" in done.stdout
    saved = tmp_path / "week.html"
    done = server.cli("report", "--language", "de", "--html", str(saved))
    assert (done.returncode, done.stdout) == (0, "")
    html = saved.read_text()
    assert "Deine Woche" in html
    assert "TypeError: &lt;b&gt;no&lt;/b&gt;" in html
    assert "data:image/png;base64," in html
    assert "cid:" not in html
    long_ago = server.cli("report", "--week", "2020-02-05", "--app", "chat").stdout
    assert "3 February to 9 February 2020" in long_ago
    assert "No new issues." in long_ago


def test_a_report_is_sent_to_an_address(start_server: StartServer) -> None:
    """One mail that somebody asked for: there is nothing to unsubscribe from."""
    with mailing() as mailbox:
        server = start_server(
            MANA_ERRORS_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}",
            MANA_ERRORS_SMTP_FROM="errors@example.org",
        )
        wait_until(lambda: server.cli("report").returncode == 0, "the tables")
        done = server.cli("report", "--to", "boss@example.org")
        assert (done.returncode, done.stdout) == (0, "SMTP: taken\n"), done.stderr
        [mail] = mailbox.mails
    assert mail["To"] == "boss@example.org"
    assert mail["Date"]
    assert "List-Unsubscribe" not in mail


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--week", "tomorrow", "2026-11-16"), ("--language", "fr", "must be one of en, de")],
)
def test_what_makes_no_sense_is_said(server: Server, option: str, value: str, said: str) -> None:
    """Exit status 2, and what would be right."""
    done = server.cli("report", option, value)
    assert done.returncode == 2
    assert said in done.stderr


async def test_a_link_ends_it_without_signing_in(server: Server) -> None:
    """Looking does nothing; a mail program's POST does it; the same link takes it back."""
    member = server.in_database(lambda c: add_member(c, "w@example.org"))
    links = Links(link_key(load_settings(server.full_environ())), server.base_url)
    url = links.no_weekly("W@example.org")

    def wanted() -> bool:
        return server.in_database(lambda connection: weekly.wants(connection, member.id))

    async with httpx.AsyncClient() as client:
        page = await client.get(url)
        assert page.status_code == 200
        assert "w@example.org" in page.text
        assert wanted()
        body = {"List-Unsubscribe": "One-Click"}
        assert (await client.post(url, data=body)).status_code == 200
        assert not wanted()
        assert f"{httpx.URL(url).path}/undo" in (await client.get(url)).text
        assert (await client.post(f"{url}/undo")).status_code == 200
        assert wanted()
        for broken in (url[:-2] + "xx", links.mute("w@example.org").replace("mute", "no-weekly")):
            assert (await client.get(broken)).status_code == 404
            assert (await client.post(broken)).status_code == 404
        assert (await client.get(links.no_weekly("nobody@example.org"))).status_code == 404
    assert wanted()


async def test_members_choose_it_in_their_account(server: Server) -> None:
    """A box that is ticked until they take the tick away."""
    member = server.in_database(lambda c: add_member(c, "x@example.org"))
    cookies = server.in_database(lambda c: session_of(c, member))
    async with httpx.AsyncClient(base_url=server.base_url, cookies=cookies) as browser:
        await send(browser, "/account", "/account", name="X")
        assert server.in_database(lambda c: weekly.wants(c, member.id))
        await send(browser, "/account", "/account", weekly=[])
        assert not server.in_database(lambda c: weekly.wants(c, member.id))
        assert 'name="weekly" value="1">' in (await browser.get("/account")).text


def test_a_running_server_sends_it(start_server: StartServer, migrated_dsn: str) -> None:
    """Of last week, to a member who was there, once."""
    with mailing() as box:
        server = start_server(
            DATABASE_URL=migrated_dsn,
            MANA_ERRORS_SMTP_URL=f"smtp://127.0.0.1:{box.port}",
            MANA_ERRORS_SMTP_FROM="errors@example.org",
            MANA_ERRORS_TIME_ZONE=_past_eight(),
            start=False,
        )
        server.in_database(_member_of_last_month)
        server.in_database(_week)
        server.start()
        wait_until(lambda: box.mails, "a report")
    assert box.recipients == ["w@example.org"]
    assert "/no-weekly/" in str(box.mails[0]["List-Unsubscribe"])


def _past_eight() -> str:
    """A time zone in which last week's report is due whenever the test runs."""
    now = datetime.now(UTC)
    early = now.weekday() == 0 and now.hour < 8
    return "Etc/GMT-14" if early else "UTC"


async def _member_of_last_month(connection: Connection) -> None:
    await add_member(connection, "w@example.org")
    await connection.execute("UPDATE error_logs.members SET created_at = now() - interval '30 d'")
