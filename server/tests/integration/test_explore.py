"""What is counted beside issues and events: facets, tags, users, releases, overview, histograms."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from facts import neighbours_of, releases_of, tags_of, users_of
from mana_errors.errors import BadRequest, Conflict, NotFound
from mana_errors.model.event import Severity
from mana_errors.model.exploring import (
    HistogramQuery,
    ReleaseQuery,
    SearchValuesQuery,
    TagDistribution,
)
from mana_errors.model.ids import uuid7
from mana_errors.model.outcome import Outcome, OutcomeCount
from mana_errors.model.query import IssueQuery
from mana_errors.model.view import NewView
from mana_errors.store import (
    event_counts,
    facet_counts,
    outcomes,
    overview,
    read_events,
    read_issues,
    views,
)
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from people import add_member
from rows import NOON, add, add_event, add_issue

HOUR = timedelta(hours=1)
CHAT = frozenset({"chat"})
NOW = datetime.now(UTC)


async def rolled_up(
    connection: Connection, key: UUID, hour: datetime, count: int, **of: str
) -> None:
    hour = hour.replace(minute=0, second=0, microsecond=0)
    values = {"environment": "", "release": "", **of}
    await add(connection, "rollups", grouping_hash=key, hour=hour, count=count, **values)


async def test_facets_count_the_issues_of_a_search(connection: Connection) -> None:
    """Each issue once, however many of its hashes have the value."""
    first = await add_issue(connection, environment="production", facets=["release=1"])
    await add_issue(connection, app_id="shop", severity="info", facets=["release=1", "release=2"])
    twin = uuid7()
    await add(
        connection, "issue_hashes", grouping_hash=twin, issue_id=first, app_id="chat",
        fingerprint="f-twin", components=[],
    )  # fmt: skip
    await add(connection, "facets", grouping_hash=twin, pairs=["release=1"], words="")
    found = await facet_counts.count_facets(connection, IssueQuery(), None, None)
    assert found.total == 2
    assert {(v.value, v.count) for v in found.release} == {("1", 2), ("2", 1)}
    assert {(v.value, v.count) for v in found.app} == {("chat", 1), ("shop", 1)}
    assert {(v.value, v.count) for v in found.severity} == {("error", 1), ("info", 1)}
    assert [(v.value, v.count) for v in found.environment] == [("production", 1)]
    assert [(v.value, v.count) for v in found.status] == [("unresolved", 2)]
    assert [(v.value, v.count) for v in found.type] == [("TypeError", 2)]
    bound = await facet_counts.count_facets(connection, IssueQuery(), CHAT, None)
    assert (bound.total, [v.value for v in bound.app]) == (1, ["chat"])
    nobody = await facet_counts.count_facets(connection, IssueQuery(), frozenset(), None)
    assert (nobody.total, nobody.app) == (0, [])
    query = IssueQuery(severity=(Severity.INFO,))
    assert (await facet_counts.count_facets(connection, query, None, None)).total == 1


async def test_values_complete_a_field(connection: Connection) -> None:
    await add_issue(connection, facets=["release=1.0", "release=1.1", "tag.os=iOS", "tag.a_b=x"])
    await add_issue(connection, app_id="shop", facets=["release=1.1", "release=2.0"])

    async def values(field: str, prefix: str = "", apps: frozenset[str] | None = None) -> list[str]:
        query = SearchValuesQuery(field, prefix)
        return [v.value for v in await facet_counts.search_values(connection, query, apps)]

    assert await values("release") == ["1.1", "1.0", "2.0"]
    assert await values("release", "1") == ["1.1", "1.0"]
    assert await values("release", "1", CHAT) == ["1.0", "1.1"]
    assert await values("tag.") == ["tag.a_b", "tag.os"]
    assert await values("tag.", "a_") == ["tag.a_b"]
    assert await values("tag.os") == ["iOS"]
    assert await values("level", "crit") == ["critical"]
    assert await values("is", "re") == ["resolved", "regressed"]
    assert await values("assigned") == ["me", "none"]
    assert await values("user") == []
    await add(connection, "apps", id="chat", number=1, name="Chat")
    assert await values("app") == ["chat"]
    assert await values("app", "", frozenset({"shop"})) == []
    with pytest.raises(BadRequest, match="field"):
        await values("nonsense")


async def test_tags_are_counted_by_weight_over_the_latest_events(connection: Connection) -> None:
    issue = await add_issue(connection, last_seen=NOON, first_seen=NOON - 5 * HOUR)
    stranger = await add_issue(connection)
    for n, (browser, weight) in enumerate((("Firefox", 3), ("Chrome", 1), ("Firefox", 1))):
        await add_event(
            connection, issue, tags={"browser": browser}, weight=weight, release="1",
            occurred_at=NOON - n * HOUR,
        )  # fmt: skip
    await add_event(connection, stranger, tags={"browser": "Safari"})
    found = await tags_of(connection, issue)
    tags = {tag.name: [(v.value, v.count) for v in tag.values] for tag in found.tags}
    assert tags == {"browser": [("Firefox", 4), ("Chrome", 1)], "release": [("1", 5)]}
    assert (found.events, {tag.count for tag in found.tags}) == (3, {5})
    empty = await tags_of(connection, await add_issue(connection))
    assert empty == TagDistribution(0, [])


async def test_tags_of_long_ago_are_not_read_where_the_counts_of_today_suffice(
    connection: Connection,
) -> None:
    issue = await add_issue(connection, first_seen=NOON - 30 * HOUR)
    for browser, ago in (("Firefox", 0), ("Chrome", 2), ("Safari", 30)):
        at = NOON - ago * HOUR
        await add_event(connection, issue, tags={"browser": browser}, occurred_at=at)
    await rolled_up(connection, issue, NOON, 499)
    await rolled_up(connection, issue, NOON - 2 * HOUR, 1)
    await rolled_up(connection, issue, NOON - 30 * HOUR, 1)
    found = await tags_of(connection, issue)
    assert [value.value for tag in found.tags for value in tag.values] == ["Chrome", "Firefox"]


async def test_users_of_an_issue_come_by_how_often(connection: Connection) -> None:
    issue = await add_issue(connection, first_seen=NOON - 5 * HOUR)
    for user, weight in (("u1", 1), ("u2", 5), ("u1", 1), (None, 9)):
        await add_event(connection, issue, user_id=user, weight=weight)
    users = await users_of(connection, issue)
    assert [(user.user, user.count, user.last_seen) for user in users] == [
        ("u2", 5, NOON),
        ("u1", 2, NOON),
    ]


async def test_releases_of_an_issue_are_exact_sums(connection: Connection) -> None:
    issue = await add_issue(connection)
    await rolled_up(connection, issue, NOON, 2, release="2", environment="a")
    await rolled_up(connection, issue, NOON, 3, release="2", environment="b")
    await rolled_up(connection, issue, NOON - 3 * HOUR, 7, release="1")
    await rolled_up(connection, issue, NOON, 9)
    releases = await releases_of(connection, issue)
    assert [(r.release, r.count, r.first_seen) for r in releases] == [
        ("2", 5, NOON),
        ("1", 7, NOON - 3 * HOUR),
    ]


async def test_neighbours_are_those_of_the_same_issue(connection: Connection) -> None:
    """Ties are ordered by id, another hash of the issue counts, and days may lie between them."""
    issue = await add_issue(connection, first_seen=NOON - 40 * HOUR)
    second = uuid7()
    await add(
        connection, "issue_hashes", grouping_hash=second, issue_id=issue, app_id="chat",
        fingerprint="f-2", components=[],
    )  # fmt: skip
    await add_event(connection, await add_issue(connection), occurred_at=NOON - HOUR)
    events = [
        await add_event(connection, issue, occurred_at=NOON - 30 * HOUR),
        await add_event(connection, issue, occurred_at=NOON - 4 * HOUR),
        await add_event(connection, second, occurred_at=NOON - HOUR, fingerprint="f-2"),
        await add_event(connection, issue),
        await add_event(connection, issue),
    ]
    for at, event in enumerate(events):
        found = await neighbours_of(connection, event)
        assert found.previous == (events[at - 1] if at else None)
        assert found.next == (events[at + 1] if at + 1 < len(events) else None)


async def test_the_overview_compares_with_the_day_before(connection: Connection) -> None:
    risen = await add_issue(connection, first_seen=NOW - HOUR)
    await add_issue(connection, first_seen=NOW - 30 * HOUR, status="resolved")
    await add_issue(connection, app_id="shop", first_seen=NOW - 90 * HOUR, regressed_at=NOW - HOUR)
    fallen = await add_issue(connection, app_id="shop", first_seen=NOW - 90 * HOUR)
    for key, now, before in ((risen, 5, 2), (fallen, 1, 3)):
        await rolled_up(connection, key, NOW, now)
        await rolled_up(connection, key, NOW - 24 * HOUR, before)
    minute = NOW.replace(second=0, microsecond=0)
    lines = [
        OutcomeCount("chat", Outcome.STORED, minute, 3),
        OutcomeCount("chat", Outcome.SAMPLED, minute, 4),
        OutcomeCount("chat", Outcome.FILTERED, minute, 50),
        OutcomeCount("chat", Outcome.STORED, minute - 24 * HOUR, 2),
        OutcomeCount("shop", Outcome.STORED, minute, 1),
    ]
    await outcomes.add(connection, lines)
    found = await overview.overview(connection, None, NOW)
    chat, shop = found.apps
    assert (chat.app, chat.events, chat.events_before, chat.hours[-1]) == ("chat", 7, 2, 7)
    assert (chat.new_issues, chat.new_issues_before, chat.unresolved_issues) == (1, 1, 1)
    assert (shop.app, shop.events, shop.regressed_issues, shop.unresolved_issues) == (
        "shop",
        1,
        1,
        2,
    )
    assert [(up.issue.id, up.count, up.before) for up in found.rising] == [(risen, 5, 2)]
    bound = await overview.overview(connection, frozenset({"shop"}), NOW)
    assert ([app.app for app in bound.apps], bound.rising) == (["shop"], [])


async def test_releases_are_listed_newest_first_page_by_page(connection: Connection) -> None:
    for number in range(7):
        await add(
            connection, "releases", app_id="chat" if number % 2 else "shop", version=str(number),
            first_seen=NOON + HOUR * (number // 2), last_seen=NOON, events=number,
        )  # fmt: skip
    seen: list[str] = []
    cursor = None
    while True:
        query = ReleaseQuery(limit=2, cursor=cursor)
        page = await overview.list_releases(connection, query, None)
        seen += [release.version for release in page.items]
        if (cursor := page.next) is None:
            break
    assert len(seen) == 7
    assert [int(version) // 2 for version in seen] == [3, 2, 2, 1, 1, 0, 0]
    own = await overview.list_releases(connection, ReleaseQuery(app=("shop", "chat")), CHAT)
    assert {release.app for release in own.items} == {"chat"}


async def test_a_user_s_errors(connection: Connection) -> None:
    often = await add_issue(connection)
    latest = await add_issue(connection, app_id="shop")
    await add_event(connection, often, user_id="u1", occurred_at=NOON - HOUR, weight=4)
    await add_event(connection, often, user_id="u2")
    await add_event(connection, latest, user_id="u1", app_id="shop")
    found = await overview.errors_of_user(connection, "u1", None)
    assert (found.events, found.first_seen, found.last_seen) == (2, NOON - HOUR, NOON)
    assert [(met.issue.id, met.count) for met in found.issues] == [(latest, 1), (often, 4)]
    bound = await overview.errors_of_user(connection, "u1", CHAT)
    assert [met.issue.id for met in bound.issues] == [often]
    assert (await overview.errors_of_user(connection, "nobody", None)).events == 0


async def test_a_histogram_has_no_gaps_and_counts_by_weight(connection: Connection) -> None:
    issue = await add_issue(connection)
    await add_event(connection, issue, occurred_at=NOON - 30 * HOUR, release="1", weight=3)
    await add_event(connection, issue, occurred_at=NOON - HOUR, release="2", weight=2)
    await add_event(connection, issue, occurred_at=NOON - HOUR, release="2", app_id="shop")
    await add_event(connection, issue, occurred_at=NOON - HOUR, message="other")
    query = HistogramQuery(q='"no such"', since=NOON - 60 * HOUR, until=NOON, by="release")
    found = await event_counts.count_events(connection, query, None)
    assert (found.complete, found.count, found.step_s) == (True, 6, 3600.0)
    assert [(b.at, b.count) for b in found.buckets if b.count] == [
        (NOON - 30 * HOUR, 3),
        (NOON - HOUR, 3),
    ]
    assert len(found.buckets) == 60
    assert {(v.value, v.count) for v in found.values} == {("1", 3), ("2", 3)}
    bound = await event_counts.count_events(connection, query, CHAT)
    assert bound.count == 5
    wrong = {"by": HistogramQuery(by="count"), "from": HistogramQuery(since=NOON, until=NOON)}
    for named, query in wrong.items():
        with pytest.raises(BadRequest, match=named):
            await event_counts.count_events(connection, query, None)


async def test_a_histogram_says_from_when_on_it_counted(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_events, "SCANNED", 2)
    issue = await add_issue(connection)
    for hours in range(4):
        await add_event(connection, issue, occurred_at=NOON - hours * HOUR)
    query = HistogramQuery(since=NOON - 10 * HOUR, until=NOON + HOUR)
    found = await event_counts.count_events(connection, query, None)
    assert (found.complete, found.counted_from, found.count) == (False, NOON - HOUR, 2)


async def test_who_sees_no_app_finds_no_event_by_any_index(connection: Connection) -> None:
    issue = await add_issue(connection)
    await add_event(connection, issue, user_id="u1", occurred_at=NOON)
    for q in ("", "user:u1", "code:OUT_OF_STOCK", "severity:error", "nonsense OR no"):
        query = HistogramQuery(q=q, since=NOON - HOUR, until=NOON + HOUR)
        for apps, count in ((frozenset[str](), 0), (frozenset({"shop"}), 0), (CHAT, 1)):
            found = await event_counts.count_events(connection, query, apps)
            assert found.count == count, (q, apps)


async def test_views_are_everybody_s_or_one_s_own(connection: Connection) -> None:
    ada, bob = [(await add_member(connection, f"{name}@x.example")).id for name in ("ada", "bob")]
    own = await views.create(connection, NewView("mine", "is:new"), ada, COMMAND)
    shared = await views.create(connection, NewView("All", shared=True), ada, COMMAND)
    assert [view.id for view in await views.listed(connection, ada)] == [shared.id, own.id]
    assert [view.id for view in await views.listed(connection, bob)] == [shared.id]
    assert [view.id for view in await views.listed(connection, None)] == [shared.id]
    with pytest.raises(NotFound):
        await views.find(connection, own.id, bob)
    await views.delete(connection, own, COMMAND)
    with pytest.raises(NotFound):
        await views.find(connection, own.id, ada)
    actions = "SELECT action FROM error_logs.audit_log WHERE action LIKE 'view.%' ORDER BY id"
    noted = [row["action"] for row in await connection.fetch(actions)]
    assert noted == ["view.create", "view.create", "view.delete"]


async def test_views_are_bounded(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_VIEWS", 1)
    ada = (await add_member(connection)).id
    await views.create(connection, NewView("a"), ada, COMMAND)
    await views.create(connection, NewView("a", shared=True), ada, COMMAND)
    with pytest.raises(Conflict, match="1 views"):
        await views.create(connection, NewView("b"), ada, COMMAND)


async def test_a_list_has_the_sparkline_of_each_issue(connection: Connection) -> None:
    now = NOW.replace(hour=5, minute=30)
    issue, quiet = await add_issue(connection), await add_issue(connection)
    await rolled_up(connection, issue, now, 1, release="1")
    await rolled_up(connection, issue, now, 2, release="2")
    await rolled_up(connection, issue, now - 23 * HOUR, 4)
    await rolled_up(connection, issue, now - 24 * HOUR, 8)
    await rolled_up(connection, issue, now - 13 * 24 * HOUR, 16)
    await rolled_up(connection, issue, now - 14 * 24 * HOUR, 32)
    page = await read_issues.list_issues(connection, IssueQuery(), None, now=now)
    lines = {listed.id: listed.sparkline for listed in page.items}
    assert lines[issue].hours == [4, *[0] * 22, 3]
    assert lines[issue].days == [16, *[0] * 11, 12, 3]
    assert lines[quiet].hours == [0] * 24
    assert lines[quiet].days == [0] * 14
