"""Reading issues and events from PostgreSQL."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from mana_errors.errors import NotFound, StoreUnavailable
from mana_errors.model.action import Resolve
from mana_errors.model.event import Environment, Severity
from mana_errors.model.issue import IssueStatus
from mana_errors.model.query import EventQuery, IssueEventQuery, IssueQuery, IssueSort
from mana_errors.store import db, read_events, read_issues, workflow
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.store.reader import Reader
from rows import NOON, add, add_event, add_issue

HOUR = timedelta(hours=1)
SORT_KEYS = {
    IssueSort.LAST_SEEN: "last_seen",
    IssueSort.FIRST_SEEN: "first_seen",
    IssueSort.COUNT: "count",
    IssueSort.USERS: "users",
    IssueSort.TREND: "(SELECT COALESCE(sum(r.count), 0) FROM error_logs.rollups r "
    "WHERE r.grouping_hash = issues.id AND r.hour > now() - interval '20 hours')",
}


async def listed(connection: Connection, **query: object) -> list[UUID]:
    """Ids of one page of issues."""
    page = await read_issues.list_issues(connection, IssueQuery(**query), None)
    return [issue.id for issue in page.items]


async def walked(connection: Connection, query: IssueQuery) -> list[UUID]:
    """Ids of all pages, by their cursors."""
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        asked = IssueQuery(sort=query.sort, limit=query.limit, cursor=cursor)
        page = await read_issues.list_issues(connection, asked, None)
        found += [issue.id for issue in page.items]
        cursor = page.next
        if cursor is None:
            return found


async def test_an_issue_is_read_as_it_was_written(connection: Connection) -> None:
    issue_id = await add_issue(
        connection, status="resolved", severity="critical", environment="staging", count=2**40,
        users=17, first_release="1.0", last_release="2.0", resolved_at=NOON, regressions=2,
    )  # fmt: skip
    issue = await read_issues.find_issue(connection, issue_id, None)
    assert (issue.app, issue.title, issue.type) == ("chat", "TypeError: no such thing", "TypeError")
    assert (issue.status, issue.severity) == (IssueStatus.RESOLVED, Severity.CRITICAL)
    assert (issue.environment, issue.count, issue.users) == (Environment.STAGING, 2**40, 17)
    assert (issue.first_release, issue.release) == ("1.0", "2.0")
    assert (issue.first_seen, issue.last_seen, issue.resolved_at) == (NOON - HOUR, NOON, NOON)
    assert (issue.regressed_at, issue.regressions) == (None, 2)


async def test_each_filter_selects(connection: Connection) -> None:
    plain = await add_issue(connection)
    other = await add_issue(
        connection, app_id="shop", environment="production", severity="info", status="ignored"
    )
    assert await listed(connection, app=("shop",)) == [other]
    assert await listed(connection, environment=(Environment.PRODUCTION,)) == [other]
    assert await listed(connection, severity=(Severity.INFO,)) == [other]
    assert await listed(connection, status=(IssueStatus.IGNORED,)) == [other]
    assert await listed(connection, app=("shop",), severity=(Severity.ERROR,)) == []
    assert set(await listed(connection, app=("shop", "chat"))) == {plain, other}
    both = (Severity.INFO, Severity.ERROR)
    assert set(await listed(connection, severity=both)) == {plain, other}


async def test_search_finds_all_words_in_any_case_and_takes_them_literally(
    connection: Connection,
) -> None:
    price = await add_issue(connection, title="Price is 100%_off\\now", culprit="Cart.ts")
    await add_issue(connection, title="Price is 100 off", culprit="x")
    assert await listed(connection, q="cart PRICE") == [price]
    assert await listed(connection, q="100%_off\\n") == [price]
    assert await listed(connection, q="price missing") == []
    assert len(await listed(connection, q="{} typeerror")) == 0
    assert len(await listed(connection, q="price")) == 2


@pytest.mark.parametrize("sort", list(IssueSort))
async def test_pages_hold_every_issue_once_and_in_order(
    connection: Connection, sort: IssueSort
) -> None:
    """Ties included: a third of the issues share each key."""
    for number in range(24):
        await add_issue(
            connection, count=7 * (number % 3), users=number % 3, trend=number % 3,
            last_seen=NOON + timedelta(minutes=3 * (number % 8)),
        )  # fmt: skip
    expected = await connection.fetch(
        f"SELECT id FROM error_logs.issues ORDER BY {SORT_KEYS[sort]} DESC, id DESC"
    )
    found = await walked(connection, IssueQuery(sort=sort, limit=5))
    assert found == [row["id"] for row in expected]


async def test_the_list_reads_its_index_in_order(connection: Connection) -> None:
    await connection.execute("SET enable_seqscan = off")
    plan = await connection.fetch(
        "EXPLAIN SELECT * FROM error_logs.issues "
        "ORDER BY last_seen_bin DESC, last_seen DESC, id DESC LIMIT 26"
    )
    text = "\n".join(row[0] for row in plan)
    assert "Incremental Sort" in text
    assert "issues_last_seen" in text


@pytest.mark.parametrize(
    ("sort", "index"), [(IssueSort.COUNT, "issues_count"), (IssueSort.USERS, "issues_users")]
)
async def test_counts_are_sorted_by_their_bins(
    connection: Connection, sort: IssueSort, index: str
) -> None:
    """An index on the counts themselves would end HOT updates."""
    asked: list[asyncpg.connection.LoggedQuery] = []
    with connection.query_logger(asked.append):
        await read_issues.list_issues(connection, IssueQuery(sort=sort), None)
    await connection.execute("SET enable_seqscan = off")
    listing = next(query for query in asked if "_bin DESC" in query.query)
    plan = await connection.fetch(f"EXPLAIN {listing.query}", *listing.args)
    text = "\n".join(row[0] for row in plan)
    assert "Incremental Sort" in text
    assert index in text


async def test_an_issue_that_goes_on_is_a_hot_update(connection: Connection) -> None:
    """An index on last_seen itself would make each fold a third slower."""
    issue_id = await add_issue(connection, last_seen=NOON, count=60, users=60)
    async with connection.transaction():
        await connection.execute(
            "UPDATE error_logs.issues SET last_seen = $2, count = count + 30, users = users + 30 "
            "WHERE id = $1",
            issue_id, NOON + timedelta(minutes=4),
        )  # fmt: skip
        hot = "SELECT pg_stat_get_xact_tuples_hot_updated('error_logs.issues'::regclass)"
        assert await connection.fetchval(hot) == 1


async def test_apps_are_listed_once_each(connection: Connection) -> None:
    assert await read_issues.list_apps(connection, None) == []
    for app in ("shop", "chat", "shop", "zitare"):
        await add_issue(connection, app_id=app)
    assert await read_issues.list_apps(connection, None) == ["chat", "shop", "zitare"]


async def test_the_detail_says_why_how_often_and_what_came_last(connection: Connection) -> None:
    issue_id = await add_issue(connection, fingerprint="f-1", last_seen=NOON)
    await add_event(connection, issue_id, fingerprint="f-1", occurred_at=NOON - HOUR)
    latest = await add_event(connection, issue_id, fingerprint="f-1", occurred_at=NOON)
    await add(
        connection, "rollups", grouping_hash=issue_id, hour=NOON, environment="", release="",
        count=3,
    )  # fmt: skip
    detail = await read_issues.describe_issue(
        connection, issue_id, None, NOON + timedelta(minutes=5)
    )
    assert detail.latest_event_id == latest
    assert [(part.name, part.value) for part in detail.hashes[0].components] == [
        ("fingerprint", "f-1"),
        ("stack", "cart.ts total"),
    ]
    assert (detail.trend.hours[-1].at, detail.trend.hours[-1].count) == (NOON, 3)
    assert detail.trend.days[-1].count == 3


async def test_an_issue_without_events_has_no_latest(connection: Connection) -> None:
    """Retention drops events; issues and counts stay."""
    detail = await read_issues.describe_issue(connection, await add_issue(connection), None)
    assert detail.latest_event_id is None


def test_a_trend_has_no_gaps_and_sums_days() -> None:
    now = datetime(2026, 3, 10, 5, 30, tzinfo=UTC)
    counts = {
        datetime(2026, 3, 10, 5, tzinfo=UTC): 1,
        datetime(2026, 3, 10, 0, tzinfo=UTC): 2,
        datetime(2026, 3, 9, 23, tzinfo=UTC): 4,
        datetime(2026, 2, 25, 0, tzinfo=UTC): 8,
        datetime(2026, 2, 24, 23, tzinfo=UTC): 16,
    }
    trend = read_issues.make_trend(counts, now)
    assert len(trend.hours) == 24
    assert trend.hours[0].at == datetime(2026, 3, 9, 6, tzinfo=UTC)
    assert [tick.count for tick in trend.hours if tick.count] == [4, 2, 1]
    assert len(trend.days) == 14
    assert (trend.days[0].at, trend.days[0].count) == (datetime(2026, 2, 25, tzinfo=UTC), 8)
    assert [tick.count for tick in trend.days[-2:]] == [4, 3]


async def test_what_does_not_exist_is_not_found(connection: Connection) -> None:
    with pytest.raises(NotFound):
        await read_issues.describe_issue(connection, uuid4(), None)
    with pytest.raises(NotFound):
        await read_events.find_event(connection, uuid4(), None)


async def test_an_issue_lists_only_its_own_events(connection: Connection) -> None:
    """Two issues may share a fingerprint; one issue may have several hashes."""
    issue_id = await add_issue(connection, fingerprint="shared", first_seen=NOON - 3 * HOUR)
    stranger = await add_issue(connection, fingerprint="shared")
    second = uuid4()
    await add(
        connection, "issue_hashes", grouping_hash=second, issue_id=issue_id, app_id="chat",
        fingerprint="other", components=[],
    )  # fmt: skip
    await add_event(connection, stranger, fingerprint="shared")
    own = [
        await add_event(connection, issue_id, fingerprint="shared", occurred_at=NOON - HOUR),
        await add_event(connection, second, fingerprint="other", occurred_at=NOON - 2 * HOUR),
    ]
    issue = await read_issues.find_issue(connection, issue_id, None)
    hashes = await read_issues.hashes_of(connection, issue_id)
    page = await read_events.issue_events(connection, issue, hashes, IssueEventQuery())
    assert [event.id for event in page.items] == own
    assert {event.issue_id for event in page.items} == {issue_id}


async def test_an_issue_s_events_may_have_any_fingerprint(connection: Connection) -> None:
    """Ids in paths make another fingerprint of each event, and the same grouping hash."""
    issue_id = await add_issue(connection, first_seen=NOON - HOUR)
    own = [
        await add_event(connection, issue_id, fingerprint=f"f-{n}", occurred_at=NOON - n * HOUR / 4)
        for n in range(3)
    ]
    issue = await read_issues.find_issue(connection, issue_id, None)
    hashes = await read_issues.hashes_of(connection, issue_id)
    page = await read_events.issue_events(connection, issue, hashes, IssueEventQuery())
    assert [event.id for event in page.items] == own


async def test_each_event_filter_selects(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    await add_event(connection, issue_id, occurred_at=NOON - 2 * HOUR)
    other = await add_event(
        connection, issue_id, app_id="shop", severity="info", environment="staging",
        error_code="TEAPOT", error_type="KeyError", user_id="u1", fingerprint="f-other",
        release="9", message="a 50% Teapot", occurred_at=NOON,
    )  # fmt: skip
    for query in (
        EventQuery(app=("shop",)),
        EventQuery(severity=(Severity.INFO,)),
        EventQuery(environment=(Environment.STAGING,)),
        EventQuery(error_code=("TEAPOT",)),
        EventQuery(type=("KeyError",)),
        EventQuery(user=("u1",)),
        EventQuery(fingerprint=("f-other",)),
        EventQuery(release=("9",)),
        EventQuery(q="teapot 50%"),
        EventQuery(since=NOON),
        EventQuery(until=NOON + HOUR, limit=1),
    ):
        page = await read_events.list_events(connection, query, None)
        assert [event.id for event in page.items] == [other], query
    before = await read_events.list_events(connection, EventQuery(until=NOON), None)
    assert other not in [event.id for event in before.items]


async def test_event_pages_hold_every_event_once_newest_first(connection: Connection) -> None:
    """Over several partitions, with ties."""
    issue_id = await add_issue(connection)
    for number in range(20):
        occurred_at = NOON - timedelta(hours=18 * (number % 7))
        await add_event(connection, issue_id, occurred_at=occurred_at)
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await read_events.list_events(connection, EventQuery(limit=3, cursor=cursor), None)
        found += [event.id for event in page.items]
        cursor = page.next
        if cursor is None:
            break
    expected = await connection.fetch(
        "SELECT id FROM error_logs.error_logs ORDER BY occurred_at DESC, id DESC"
    )
    assert found == [row["id"] for row in expected]


async def test_an_event_is_read_whole(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    event_id = await add_event(
        connection, issue_id, stack_trace="at x", context={"a": [1, None]}, notes={"cut": {}},
        request_headers={"x": "y"}, session_id="s", response_status_code=500, weight=3,
    )  # fmt: skip
    event = await read_events.find_event(connection, event_id, None)
    assert (event.issue_id, event.grouping_hash) == (issue_id, issue_id)
    assert (event.stack_trace, event.session_id) == ("at x", "s")
    assert (event.context, event.notes) == ({"a": [1, None]}, {"cut": {}})
    assert (event.request_headers, event.response_status_code) == ({"x": "y"}, 500)
    assert (event.weight, event.occurred_at, event.received_at) == (3, NOON, NOON)


async def test_an_event_before_its_issue_has_none(connection: Connection) -> None:
    """Triage folds a moment after the digest stores."""
    event_id = await add_event(connection, uuid4())
    assert (await read_events.find_event(connection, event_id, None)).issue_id is None


async def test_a_slow_query_ends(migrated_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "READ_TIMEOUT_S", 0.2)
    reader = Reader(migrated_dsn)
    with pytest.raises(StoreUnavailable):
        async with reader.connection() as connection:
            await connection.execute("SELECT pg_sleep(60)")
    async with reader.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await reader.close()


async def test_a_database_that_is_not_migrated_is_unavailable(empty_dsn: str) -> None:
    reader = Reader(empty_dsn)
    with pytest.raises(StoreUnavailable, match="not migrated"):
        async with reader.connection() as connection:
            await read_issues.list_issues(connection, IssueQuery(), None)
    await reader.close()


# --- who sees some apps


@pytest.mark.parametrize("sort", list(IssueSort))
async def test_who_is_bound_reads_the_issues_of_their_apps_in_order(
    connection: Connection, sort: IssueSort
) -> None:
    for number in range(30):
        await add_issue(
            connection, app_id=f"app{number % 5}", count=number % 4, users=number % 4,
            trend=number % 4, last_seen=NOON + timedelta(minutes=3 * (number % 8)),
        )  # fmt: skip
    apps = frozenset({"app1", "app3", "app4", "unknown"})
    key = SORT_KEYS[sort]
    expected = await connection.fetch(
        f"SELECT id FROM error_logs.issues WHERE app_id = ANY($1) ORDER BY {key} DESC, id DESC",
        list(apps),
    )
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        query = IssueQuery(sort=sort, limit=4, cursor=cursor)
        page = await read_issues.list_issues(connection, query, apps)
        found += [issue.id for issue in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == [row["id"] for row in expected]


async def test_what_is_asked_for_and_what_is_seen_must_both_hold(connection: Connection) -> None:
    chat = await add_issue(connection, app_id="chat")
    shop = await add_issue(connection, app_id="shop")
    for issue in (chat, shop):
        await add_event(connection, issue, app_id="chat" if issue == chat else "shop")
    for asked, seen, expected in (
        ((), None, {"chat", "shop"}),
        (("chat",), None, {"chat"}),
        ((), frozenset({"chat", "other"}), {"chat"}),
        (("shop", "chat"), frozenset({"chat", "other"}), {"chat"}),
        (("shop",), frozenset({"chat"}), set[str]()),
        ((), frozenset[str](), set[str]()),
        (("chat", "shop"), None, {"chat", "shop"}),
    ):
        issues = await read_issues.list_issues(connection, IssueQuery(app=asked), seen)
        assert {issue.app for issue in issues.items} == expected, (asked, seen)
        events = await read_events.list_events(connection, EventQuery(app=asked), seen)
        assert {event.app_id for event in events.items} == expected, (asked, seen)
        apps = await read_issues.list_apps(connection, seen)
        assert set(apps) == ({"chat", "shop"} if seen is None else {"chat", "shop"} & seen)


async def test_what_is_foreign_is_not_found(connection: Connection) -> None:
    """With the words that also say that there is nothing."""
    issue = await add_issue(connection, app_id="shop")
    event = await add_event(connection, issue, app_id="shop")
    chat = frozenset({"chat"})
    with pytest.raises(NotFound, match=f"there is no issue {issue}"):
        await read_issues.find_issue(connection, issue, chat)
    with pytest.raises(NotFound, match=f"there is no issue {issue}"):
        await workflow.act(connection, [issue], Resolve(), chat, COMMAND)
    with pytest.raises(NotFound, match=f"there is no event {event}"):
        await read_events.find_event(connection, event, chat)
    found = await read_issues.find_issue(connection, issue, frozenset({"shop"}))
    assert found.status is IssueStatus.UNRESOLVED


async def test_a_few_apps_are_read_by_their_own_indexes(connection: Connection) -> None:
    """Not by going through the newer rows of all the others."""
    await add_event(connection, await add_issue(connection))
    apps = frozenset({"chat", "shop"})
    asked: list[asyncpg.connection.LoggedQuery] = []
    with connection.query_logger(asked.append):
        await read_issues.list_issues(connection, IssueQuery(), apps)
        await read_events.list_events(connection, EventQuery(), apps)
    await connection.execute("SET enable_seqscan = off")
    lists = [query for query in asked if "wanted" in query.query]
    for query, index in zip(lists, ("issues_app", "app_id_occurred_at"), strict=True):
        lines = await connection.fetch(f"EXPLAIN {query.query}", *query.args)
        plan = "\n".join(line[0] for line in lines)
        assert index in plan, plan
        assert "app_id = wanted." in plan, plan
