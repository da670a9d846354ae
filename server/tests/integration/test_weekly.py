"""The weekly report: what it counts, who gets it, once."""

import asyncio
import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from mailing import mailing
from mana_errors.alerts import weekly
from mana_errors.alerts.links import Links
from mana_errors.alerts.weekly_text import change, render_week
from mana_errors.alerts.words import LANGUAGES
from mana_errors.config import Settings, load_settings
from mana_errors.model.delivery import State
from mana_errors.model.principal import Role
from mana_errors.model.weekly import last_week, week_of
from mana_errors.retention import ages
from mana_errors.store import answers, members
from mana_errors.store import weekly as store
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.store.members import NewMember
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import link_key
from rows import add, add_issue

BERLIN = "Europe/Berlin"
SPAN = week_of(date(2026, 11, 18), BERLIN)
# Ten past eight of the Monday after, in Berlin.
MONDAY = datetime(2026, 11, 23, 7, 10, tzinfo=UTC)
IN_WEEK, BEFORE = SPAN.start + timedelta(days=2), SPAN.before + timedelta(days=2)


def test_weeks_begin_on_monday_in_their_zone() -> None:
    """Also those in which clocks change."""
    assert SPAN.monday == date(2026, 11, 16)
    assert SPAN.start == datetime(2026, 11, 15, 23, tzinfo=UTC)
    assert SPAN.end - SPAN.start == timedelta(days=7)
    autumn = week_of(date(2026, 10, 25), BERLIN)
    assert autumn.end.astimezone(UTC) - autumn.start.astimezone(UTC) == timedelta(days=7, hours=1)
    sunday = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    assert last_week(sunday, BERLIN).monday == date(2026, 11, 9)
    assert last_week(sunday + timedelta(minutes=1), BERLIN).monday == date(2026, 11, 16)
    assert last_week(sunday, "UTC").monday == date(2026, 11, 9)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(120, 100, "+20 %"), (5, 0, "new"), (0, 0, ""),
     (80, 100, "\N{MINUS SIGN}20 %"), (100, 100, "±0 %"),
     (5000, 100, "50 \N{MULTIPLICATION SIGN}"), (0, 9, "\N{MINUS SIGN}100 %")],
)  # fmt: skip
def test_changes_are_told_in_the_form_that_says_most(now: int, before: int, said: str) -> None:
    """A share, a factor, or that there was nothing."""
    assert change(now, before, LANGUAGES["en"]).replace("\u202f", " ") == said


async def test_a_week_is_counted(connection: Connection) -> None:
    """New, worse, fixed, and what most users met; nothing of other weeks."""
    new = await _issue(connection, first=IN_WEEK, now=40, users=3)
    worse = await _issue(connection, first=BEFORE, now=30, before=10, users=9)
    fixed = await _issue(
        connection, first=BEFORE, before=7, status="resolved", resolved_at=IN_WEEK,
        last_seen=BEFORE,
    )  # fmt: skip
    await _issue(connection, first=BEFORE, now=12, before=10)
    # resolved, but it went on
    await _issue(
        connection, first=BEFORE, now=5, before=5, status="resolved", resolved_at=IN_WEEK,
        last_seen=IN_WEEK + timedelta(hours=1),
    )  # fmt: skip
    await _issue(connection, app_id="old", first=BEFORE - timedelta(days=30))
    await _rollup(connection, new, SPAN.end, 1000)
    await _rollup(connection, worse, SPAN.before - timedelta(hours=1), 1000)
    week = await store.read_week(connection, SPAN, None)
    (app,) = week.apps
    assert (app.app, app.events, app.before) == ("chat", 40 + 30 + 12 + 5, 10 + 7 + 10 + 5)
    assert (app.new_issues, app.fixed_issues) == (1, 1)
    assert [issue.id for issue in week.new] == [new]
    assert [(issue.id, issue.events, issue.before) for issue in week.worse] == [(worse, 30, 10)]
    assert [issue.id for issue in week.fixed] == [fixed]
    assert [issue.id for issue in week.met] == [worse, new]
    assert week.days == (0, 0, 32, 0, 0, 0, 0, 0, 0, 87, 0, 0, 0, 0)


async def test_a_week_is_of_the_apps_that_are_asked_for(connection: Connection) -> None:
    """Nothing of others, nor their names."""
    await _issue(connection, app_id="mine", first=IN_WEEK, now=1)
    await _issue(
        connection, app_id="theirs", first=IN_WEEK, now=1, status="resolved",
        resolved_at=IN_WEEK, last_seen=IN_WEEK,
    )  # fmt: skip
    week = await store.read_week(connection, SPAN, frozenset({"mine"}))
    assert "theirs" not in str(week)
    assert (week.events, week.new_total, week.fixed_total) == (1, 1, 0)
    assert (await store.read_week(connection, SPAN, frozenset())).is_empty


async def test_long_lists_say_how_long_they_are(connection: Connection) -> None:
    """Five are told."""
    for count in range(7):
        await _issue(connection, first=IN_WEEK, now=10 + count)
    week = await store.read_week(connection, SPAN, None)
    assert [issue.events for issue in week.new] == [16, 15, 14, 13, 12]
    mail = render_week(week, "en", "https://e.example")
    assert "and 2 more" in mail.text
    assert "and 2 more" in mail.html


async def test_each_member_gets_it_once(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """However many servers send, and however often they look; of their apps, in their language."""
    await _issue(connection, first=IN_WEEK, now=3)
    await _issue(connection, app_id="other", first=IN_WEEK, now=4)
    for number in range(6):
        await _member(connection, f"m{number}@example.org")
    bound = await _member(connection, "bound@example.org", ("chat",))
    await members.set_profile(connection, bound, "", "de")
    await store.want(connection, await _member(connection, "no@example.org"), wanted=False)
    gone = await _member(connection, "gone@example.org")
    await members.disable(connection, COMMAND, gone)
    with mailing() as box:
        settings = _settings(tmp_path, box.port)
        for _ in range(2):
            await asyncio.gather(*(_send_due(migrated_dsn, settings) for _ in range(3)))
    told = sorted(str(mail["To"]) for mail in box.mails)
    assert told == sorted([*(f"m{number}@example.org" for number in range(6)), "bound@example.org"])
    german = next(mail for mail in box.mails if mail["To"] == "bound@example.org")
    assert str(german["Subject"]) == "Deine Woche: 3 Ereignisse, 1 neues Problem"
    english = next(mail for mail in box.mails if mail["To"] == "m0@example.org")
    assert str(english["Subject"]) == "Your week: 7 events, 2 new issues"
    assert english["Message-ID"] != german["Message-ID"]
    link = str(english["List-Unsubscribe"]).strip(" <>")
    assert (text := english.get_body(("plain",))) is not None
    assert link in text.get_content()
    token = link.rpartition("/")[2]
    assert Links(link_key(settings), "").read_no_weekly(token) == "m0@example.org"


async def test_it_waits_for_monday_at_eight(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """In the server's time zone."""
    await _issue(connection, first=IN_WEEK, now=3)
    await _member(connection, "a@example.org")
    with mailing() as box:
        settings = _settings(tmp_path, box.port)
        early = datetime(2026, 11, 23, 7, 59, tzinfo=ZoneInfo(BERLIN))
        await _send_due(migrated_dsn, settings, early)
        assert not box.mails
        await _send_due(migrated_dsn, settings, early + timedelta(minutes=1))
        assert len(box.mails) == 1


async def test_a_week_of_nothing_is_not_told(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """And nobody asks again."""
    await _member(connection, "a@example.org")
    with mailing() as box:
        await _send_due(migrated_dsn, _settings(tmp_path, box.port))
    assert not box.mails
    assert await _states(connection) == [(State.SKIPPED, 1, "nothing to tell")]


async def test_who_muted_all_e_mail_gets_no_report(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """When they take that back, the next one comes, and no old one."""
    await _issue(connection, first=IN_WEEK, now=3)
    await _member(connection, "a@example.org")
    await answers.mute(connection, "a@example.org", "", on=True)
    with mailing() as box:
        await _send_due(migrated_dsn, _settings(tmp_path, box.port))
        assert not box.mails
        await answers.mute(connection, "a@example.org", "", on=False)
        await _send_due(migrated_dsn, _settings(tmp_path, box.port), MONDAY + timedelta(days=7))
    assert [str(mail["Subject"]) for mail in box.mails] == ["Your week: 0 events, 0 new issues"]


async def test_a_lease_begins_when_a_report_is_taken(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """Not when the first of all was."""
    await _issue(connection, first=IN_WEEK, now=3)
    await _member(connection, "a@example.org")
    asked, checked, step = asyncio.Event(), asyncio.Event(), timedelta(seconds=2)

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await checked.wait()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        settings = _settings(tmp_path, server.sockets[0].getsockname()[1])
        sending = asyncio.create_task(_send_due(migrated_dsn, settings, step=step))
        await asked.wait()
        # it was taken after a step
        later = MONDAY + weekly.LEASE + step / 2
        assert await store.claim(connection, SPAN.monday, later, later + weekly.LEASE) is None
        checked.set()
        await sending


async def test_the_next_try_is_counted_from_the_end_of_the_last(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    await _issue(connection, first=IN_WEEK, now=3)
    await _member(connection, "a@example.org")
    await store.plan(connection, SPAN, MONDAY)
    # after so many one to two hours pass
    await connection.execute("UPDATE error_logs.weekly_reports SET attempts = 20")
    with mailing() as box:
        settings = _settings(tmp_path, box.port)
        box.plan = ["451 busy"]
        # the clock is asked which week it is, when the report is taken, and when its try ended
        await _send_due(migrated_dsn, settings, step=timedelta(minutes=30))
        await _send_due(migrated_dsn, settings, MONDAY + timedelta(hours=2))
    assert await _states(connection) == [(State.WAITING, 21, "SMTP 451: busy")]


async def test_who_is_too_slow_writes_nothing(connection: Connection) -> None:
    """Another server has taken it by then, and knows better."""
    await _member(connection, "a@example.org")
    await store.plan(connection, SPAN, MONDAY)
    week, later = SPAN.monday, MONDAY + timedelta(hours=1)
    slow = await store.claim(connection, week, MONDAY, later)
    quick = await store.claim(connection, week, later, later + timedelta(hours=1))
    assert slow is not None
    assert quick is not None
    assert not await store.settle(connection, slow, State.DEAD, "slow")
    assert await store.settle(connection, quick, State.SENT, "quick")
    assert not await store.settle(connection, quick, State.DEAD, "twice")
    assert await _states(connection) == [(State.SENT, 2, "quick")]


async def test_old_reports_are_forgotten(connection: Connection) -> None:
    """After ninety days."""
    member = await _member(connection, "a@example.org")
    today = datetime.now(UTC)
    for days in (80, 100):
        week = (today - timedelta(days=days)).date()
        await add(connection, "weekly_reports", week=week, member_id=member, due_at=today)
    await ages.forget_reports(connection, today)
    assert len(await _states(connection)) == 1


async def test_a_server_that_is_away_is_asked_again(
    connection: Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """Later, as the same message; who is refused for good is not."""
    await _issue(connection, first=IN_WEEK, now=3)
    await _member(connection, "a@example.org")
    with mailing() as box:
        settings = _settings(tmp_path, box.port)
        box.plan = ["451 busy"]
        await _send_due(migrated_dsn, settings)
        await _send_due(migrated_dsn, settings)
        assert await _states(connection) == [(State.WAITING, 1, "SMTP 451: busy")]
        later = MONDAY + timedelta(hours=3)
        await _send_due(migrated_dsn, settings, later)
        assert await _states(connection) == [(State.SENT, 2, "SMTP: taken")]
        await _member(connection, "b@example.org")
        box.plan = ["550 no such user"]
        await _send_due(migrated_dsn, settings, later)
    assert await _states(connection) == [
        (State.SENT, 2, "SMTP: taken"), (State.DEAD, 1, "SMTP 550: no such user")
    ]  # fmt: skip


def _settings(folder: Path, port: int) -> Settings:
    return load_settings(
        {
            "MANA_ERRORS_DATA_DIR": str(folder),
            "MANA_ERRORS_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "MANA_ERRORS_SMTP_FROM": "errors@example.org",
            "MANA_ERRORS_TIME_ZONE": BERLIN,
        }
    )


async def _send_due(
    dsn: str, settings: Settings, now: datetime = MONDAY, step: timedelta = timedelta()
) -> None:
    """`step`: what passes each time that the clock is asked."""
    reader, asked = Reader(dsn), itertools.count()
    try:
        await weekly.send_due(reader, settings, lambda: now + next(asked) * step, asyncio.Event())
    finally:
        await reader.close()


async def _states(connection: Connection) -> list[tuple[str, int, str]]:
    sql = "SELECT state, attempts, detail FROM error_logs.weekly_reports ORDER BY member_id"
    return [tuple(row) for row in await connection.fetch(sql)]


async def _member(connection: Connection, email: str, apps: tuple[str, ...] | None = None) -> UUID:
    member = await members.create(connection, COMMAND, NewMember(email, Role.MEMBER, apps, "none"))
    sql = "UPDATE error_logs.members SET created_at = $1 WHERE id = $2"
    await connection.execute(sql, SPAN.before, member.id)
    return member.id


async def _issue(
    connection: Connection, *, first: datetime, now: int = 0, before: int = 0, **values: Any
) -> UUID:
    """An issue that has so many events in the week, and in the one before."""
    values = {"last_seen": IN_WEEK if now else first, **values}
    issue = await add_issue(connection, first_seen=first, **values)
    await _rollup(connection, issue, IN_WEEK, now)
    await _rollup(connection, issue, BEFORE, before)
    return issue


async def _rollup(connection: Connection, issue: UUID, hour: datetime, count: int) -> None:
    if count:
        await add(connection, "rollups", grouping_hash=issue, hour=hour, environment="",
                  release="", count=count)  # fmt: skip
