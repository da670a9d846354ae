"""Searches on a real database: what each field finds, and that nothing breaks out of its value."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mana_errors.errors import SearchSyntax
from mana_errors.model.ids import uuid7
from mana_errors.model.query import EventQuery, IssueEventQuery, IssueQuery
from mana_errors.model.search import Not, Search, Subject
from mana_errors.store import read_events, read_issues
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters
from mana_errors.store.search import event_condition, issue_condition
from people import add_member
from rows import NOON, add, add_event, add_issue
from searches import trees

DAY = timedelta(days=1)


async def found(connection: Connection, q: str, me: UUID | None = None) -> set[UUID]:
    page = await read_issues.list_issues(connection, IssueQuery(q=q, limit=100), None, me)
    return {issue.id for issue in page.items}


async def found_events(connection: Connection, q: str) -> list[UUID]:
    page = await read_events.list_events(connection, EventQuery(q=q), None)
    return [event.id for event in page.items]


def examples(strategy: st.SearchStrategy[Search], number: int) -> list[Search]:
    """So many of what a property test would try."""
    made: list[Search] = []

    @given(strategy)
    @settings(max_examples=number, database=None, suppress_health_check=list(HealthCheck))
    def make(search: Search) -> None:
        made.append(search)

    make()
    return made


@pytest.mark.parametrize(
    "q",
    [
        "app:shop", "app:sh*", "env:canary", "environment:can*", "severity:critical",
        "severity:>error", "release:1.2", "release:1.*", "type:KeyError", "type:Key*",
        "path:/api/orders", "path:/api", "path:/api/", "path:/api/*", "method:POST", "status:502",
        "status:5*", "service:api", "file:shop/cart.py", "file:*cart*", "tag.browser:Firefox",
        "tag.browser:*", "fingerprint:f-special", "fingerprint:*special", "user:u1", "user:*",
        "is:resolved", "count:>100", "count:>=150", "count:150", "users:>5", "users:7",
        "first:<2020-01-01", "first:2019-05-05", "first:<=2019-05-05", "last:<-300d",
        "first:2019-05-05T12:00Z", "assigned:me", "assigned:ada@example.org", "assigned:*",
        "special", "SPECIAL", '"very special"', "cart.PY", "find", '"find me"', "sp*al",
        "special OR nonsense", "(nonsense OR special) find", "!app:chat", "!severity:<=error",
    ],
)  # fmt: skip
async def test_a_field_finds_the_issue_that_has_the_value_and_no_other(
    connection: Connection, q: str
) -> None:
    ada = (await add_member(connection, "ada@example.org")).id
    plain = await add_issue(connection, severity="debug")
    special = await add_issue(
        connection, app_id="shop", environment="canary", severity="critical", status="resolved",
        error_type="KeyError", title="A very Special title", fingerprint="f-special", count=150,
        users=7, first_seen=NOON.replace(2019, 5, 5), last_seen=NOON.replace(2019, 6, 6),
        assignee=ada,
        facets=[
            "release=1.2", "path=/api", "path=/api/orders", "method=POST", "status=502",
            "service=api", "file=shop/cart.py", "tag.browser=Firefox",
        ],
    )  # fmt: skip
    words = "UPDATE error_logs.facets SET words = $2 WHERE grouping_hash = $1"
    await connection.execute(words, special, "please find me\nin cart.py")
    await add_event(connection, special, user_id="u1", fingerprint="f-special")
    await add_event(connection, plain)
    assert await found(connection, q, ada) == {special}
    assert await found(connection, f"!({q})", ada) == {plain}


@pytest.mark.parametrize(
    "q",
    [
        "is:unresolved", "assigned:none", "!is:resolved", "count:<100", "last:>-300d",
        "first:>2019-05-05", "first:>=2019-05-06", "", "!nonsense", "severity:error",
    ],
)  # fmt: skip
async def test_what_most_issues_are(connection: Connection, q: str) -> None:
    plain = await add_issue(connection)
    ada = (await add_member(connection)).id
    long_ago = NOON.replace(2019, 5, 5)
    if q and q != "!nonsense":
        await add_issue(
            connection, status="resolved", count=150, first_seen=long_ago, last_seen=long_ago,
            assignee=ada, severity="info",
        )  # fmt: skip
    assert await found(connection, q) == {plain}


async def test_new_and_regressed_are_badges_too(connection: Connection) -> None:
    old = await add_issue(connection, first_seen=NOON - 3 * DAY)
    new = await add_issue(connection, first_seen=NOON + timedelta(hours=13))
    back = await add_issue(connection, first_seen=NOON - 3 * DAY, regressed_at=NOON)
    assert await found(connection, "is:new") == {new}
    assert await found(connection, "is:regressed") == {back}
    page = await read_issues.list_issues(connection, IssueQuery(), None)
    badges = {issue.id: (issue.is_new, issue.is_regressed) for issue in page.items}
    assert badges == {old: (False, False), new: (True, False), back: (False, True)}


async def test_escalating_is_what_was_ignored_and_became_too_much(connection: Connection) -> None:
    await add_issue(connection)
    loud = await add_issue(connection, escalated_at=NOON)
    await add_issue(connection, escalated_at=NOON, status="resolved")
    assert await found(connection, "is:escalating") == {loud}


async def test_me_is_nobody_without_a_member(connection: Connection) -> None:
    await add_issue(connection)
    assert await found(connection, "assigned:me") == set()


async def test_a_hash_without_an_issue_does_not_hide_others(connection: Connection) -> None:
    """A deleted issue leaves its hashes: NOT IN a list with a null finds nothing at all."""
    issue = await add_issue(connection)
    lost = uuid7()
    await add(
        connection, "issue_hashes", grouping_hash=lost, issue_id=None, app_id="chat",
        fingerprint="f-lost", components=[],
    )  # fmt: skip
    await add(connection, "facets", grouping_hash=lost, pairs=["release=9"], words="lost")
    await add_event(connection, lost, user_id="u9", fingerprint="f-lost")
    for q in ("!release:9", "!release:9*", "!lost", "!user:u9", "!fingerprint:f-lost"):
        assert await found(connection, q) == {issue}


async def test_any_search_and_its_contrary_share_the_rows(connection: Connection) -> None:
    """Every tree is SQL that runs, with values only; no row is in both, and none in neither."""
    for number in range(4):
        issue = await add_issue(
            connection, environment="a", facets=["release=OR", "tag.os.name=!a"]
        )
        await add_event(
            connection, issue, tags={"os.name": "!a"} if number else None, release="OR",
            request_url="https://x/a?b", user_id="a b" if number % 2 else None,
        )  # fmt: skip
    tables = {Subject.ISSUES: "error_logs.issues", Subject.EVENTS: "error_logs.error_logs e"}
    for subject, table in tables.items():
        for search in examples(trees(subject), 150):
            counted = 0
            for tree in (search, Not(search)):
                filters = Filters()
                is_of_issues = subject is Subject.ISSUES
                filters.add_condition(
                    issue_condition(tree, None) if is_of_issues else event_condition(tree)
                )
                query = f"SELECT count(*) FROM {table} WHERE {filters}"
                counted += await connection.fetchval(query, *filters.values)
            assert counted == 4, search


@pytest.mark.parametrize(
    "q",
    [
        "app:shop", "env:canary", "env:can*", "severity:info", "user:u1", "user:*", "release:9.1",
        "release:9*", "type:KeyError", "code:TEAPOT", "path:/api", "path:/api/orders/<id>",
        "path:/api/*/17", "method:POST", "status:418", "status:4*", "service:api",
        "fingerprint:f-other", "tag.browser:Firefox", "tag.browser:Fire*", "teapot", '"50% Tea"',
        "!app:chat", "nonsense OR code:TEAPOT",
    ],
)  # fmt: skip
async def test_a_field_finds_the_event_that_has_the_value_and_no_other(
    connection: Connection, q: str
) -> None:
    issue = await add_issue(connection)
    plain = await add_event(connection, issue)
    special = await add_event(
        connection, issue, app_id="shop", environment_name="canary", severity="info", user_id="u1",
        release="9.1", error_type="KeyError", error_code="TEAPOT", fingerprint="f-other",
        request_url="https://x.example/api/orders/17?a=b", request_method="POST",
        response_status_code=418, service_name="api", tags={"browser": "Firefox"},
        message="a 50% Teapot",
    )  # fmt: skip
    assert await found_events(connection, q) == [special]
    assert await found_events(connection, f"!({q})") == [plain]


async def test_a_page_reads_a_window_and_goes_on_behind_it(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is rare is found in the end, whatever the number of events before it."""
    monkeypatch.setattr(read_events, "SCANNED", 6)
    monkeypatch.setattr(read_events, "SCATTERED", 6)
    issue = await add_issue(connection, first_seen=NOON - 20 * DAY)
    rare = [
        await add_event(
            connection, issue, occurred_at=NOON - timedelta(hours=number),
            release="9" if number in {7, 19} else "8", app_id="chat" if number % 2 else "shop",
        )
        for number in range(20)
    ]  # fmt: skip
    hashes = await read_issues.hashes_of(connection, issue)
    whole = await read_issues.find_issue(connection, issue, None)
    for apps in (None, frozenset({"chat", "shop"})):
        seen: list[UUID] = []
        cursor, pages = None, 0
        while pages == 0 or cursor is not None:
            query = EventQuery(q="release:9", limit=5, cursor=cursor)
            page = await read_events.list_events(connection, query, apps)
            seen += [event.id for event in page.items]
            cursor, pages = page.next, pages + 1
        assert seen == [rare[7], rare[19]]
        assert pages > 3
    page = await read_events.issue_events(
        connection, whole, hashes, IssueEventQuery(release=("9",), limit=5)
    )
    assert page.items == []
    assert page.next is not None


async def test_a_search_of_events_says_what_is_of_issues(connection: Connection) -> None:
    with pytest.raises(SearchSyntax, match="of issues"):
        await read_events.list_events(connection, EventQuery(q="is:new"), None)
