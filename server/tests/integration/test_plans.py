"""How PostgreSQL reads for each page: golden plans, and no sequential scan over events.

Plans are of 12,000 events over four days and 600 issues, made the same each time and small enough
that statistics are of all rows. Times are measured by bench/reading. PLANS=write writes the plans
anew; their file's diff shows what changed.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from facts import neighbours_of, releases_of, tags_of, users_of
from harness import Cluster
from mana_errors.errors import Moved
from mana_errors.model.exploring import HistogramQuery, ReleaseQuery
from mana_errors.model.query import EventQuery, IssueEventQuery, IssueQuery, IssueSort
from mana_errors.store import (
    db,
    event_counts,
    facet_counts,
    overview,
    partitions,
    read_events,
    read_issues,
)
from mana_errors.store.db import Connection
from rows import NOON

PLANS: Final = Path(__file__).parent / "plans"
Read = Callable[[Connection, UUID, UUID], Awaitable[object]]


def issues(
    q: str = "", sort: IssueSort = IssueSort.LAST_SEEN, apps: frozenset[str] | None = None
) -> Read:
    query = IssueQuery(q=q, sort=sort)
    return lambda connection, *_: read_issues.list_issues(connection, query, apps, now=NOON)


def events(q: str = "", apps: frozenset[str] | None = None) -> Read:
    return lambda connection, *_: read_events.list_events(connection, EventQuery(q=q), apps)


async def _events_of_issue(connection: Connection, issue_id: UUID, _: UUID) -> object:
    issue, hashes = await read_issues.find_with_hashes(connection, issue_id, None)
    return await read_events.issue_events(connection, issue, hashes, IssueEventQuery())


async def _moved(connection: Connection, *_: UUID) -> None:
    with pytest.raises(Moved):
        await read_issues.find_issue(connection, _uuid_at(1000), None)


def _histogram(connection: Connection, *_: UUID) -> Awaitable[object]:
    query = HistogramQuery(q="app:app1 text", since=NOON - timedelta(days=3), until=NOON)
    return event_counts.count_events(connection, query, None)


READS: Final[dict[str, Read]] = {
    "issues": issues(),
    "issues-of-apps": issues(apps=frozenset({"app1", "app2"})),
    "issues-by-count": issues(sort=IssueSort.COUNT),
    "issues-by-users": issues(sort=IssueSort.USERS),
    "issues-by-first-seen": issues(sort=IssueSort.FIRST_SEEN),
    "issues-by-trend": issues(sort=IssueSort.TREND),
    "issues-of-release": issues("release:1.2"),
    "issues-of-tag": issues("tag.browser:Firefox !env:staging"),
    "issues-of-user": issues("user:u1"),
    "issues-with-text": issues("words"),
    "issue": lambda connection, issue, _: read_issues.describe_issue(connection, issue, None, NOON),
    "issue-groups": lambda connection, issue, _: read_issues.groups_of(connection, issue, None),
    "issue-moved": _moved,
    "issue-events": _events_of_issue,
    "issue-tags": lambda connection, issue, _: tags_of(connection, issue),
    "issue-users": lambda connection, issue, _: users_of(connection, issue),
    "issue-releases": lambda connection, issue, _: releases_of(connection, issue),
    "event": lambda connection, _, event: read_events.find_event(connection, event, None),
    "neighbours": lambda connection, _, event: neighbours_of(connection, event),
    "events": events(),
    "events-of-app": events("app:app1"),
    "events-of-apps": events(apps=frozenset({"app1", "app2"})),
    "events-of-user": events("user:u1"),
    "events-of-code": events("code:CODE7 app:app1"),
    "events-of-release": events("release:1.2"),
    "events-with-text": events("words !tag.os:iOS"),
    "histogram": _histogram,
    "facets": lambda connection, *_: facet_counts.count_facets(
        connection, IssueQuery(), None, None
    ),
    "overview": lambda connection, *_: overview.overview(connection, None, NOON),
    "releases": lambda connection, *_: overview.list_releases(connection, ReleaseQuery(), None),
    "user": lambda connection, *_: overview.errors_of_user(connection, "u1", None),
}


# Numbers spread over rows without chance.
EVENTS: Final = """
INSERT INTO error_logs.error_logs (
    id, error_code, error_type, message, app_id, user_id, release, environment, severity, tags,
    request_url, fingerprint, occurred_at, received_at, grouping_hash, protocol
)
SELECT
    uuid_at(n), 'CODE' || n % 40, 'Type' || n % 12, 'message ' || n, app_of(n % 600),
    'u' || n % 300, '1.' || n % 30, 'production', 'error', '{"browser": "Firefox"}',
    'https://x.example/api/' || n % 50, md5((n % 600)::text), $1::timestamptz - n * interval '28 s',
    $1, uuid_at(n % 600), 'native'
FROM generate_series(0, 11999) AS n;
"""
ISSUES: Final = """
INSERT INTO error_logs.issues (
    id, app_id, fingerprint, title, error_type, culprit, severity, first_seen, last_seen, count,
    users
)
SELECT
    uuid_at(n), app_of(n), md5(n::text), 'Type: message', 'Type' || n % 12, 'a.ts', 'error',
    $1::timestamptz - interval '4 days', $1::timestamptz - n * interval '5 min', n * 7, n % 90
FROM generate_series(0, 599) AS n;
"""
REST: Final = """
INSERT INTO error_logs.issue_hashes (grouping_hash, issue_id, app_id, fingerprint, components)
SELECT id, id, app_id, fingerprint, '[]' FROM error_logs.issues;
INSERT INTO error_logs.facets (grouping_hash, pairs, words)
SELECT id, ARRAY['release=1.' || count % 30, 'tag.browser=Firefox'], 'words' FROM error_logs.issues;
INSERT INTO error_logs.rollups (grouping_hash, hour, environment, release, count)
SELECT grouping_hash, date_trunc('hour', occurred_at, 'UTC'), 'production', release, 1
FROM error_logs.error_logs ON CONFLICT DO NOTHING;
INSERT INTO error_logs.merged_issues (id, grouping_hash)
SELECT uuid_at(n), uuid_at(n % 600) FROM generate_series(1000, 1999) AS n;
INSERT INTO error_logs.merged_hashes (
    grouping_hash, title, error_type, culprit, severity, first_seen, last_seen
)
SELECT id, title, error_type, culprit, severity, first_seen, last_seen FROM error_logs.issues;
ANALYZE;
"""
# An empty table is best read whole.
DROP_EMPTY: Final = """
DO $$
DECLARE part regclass; filled boolean;
BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits
        WHERE inhparent = 'error_logs.error_logs'::regclass
    LOOP
        EXECUTE format('SELECT count(*) > 1000 FROM %s', part) INTO filled;
        IF NOT filled THEN EXECUTE format('DROP TABLE %s', part); END IF;
    END LOOP;
END $$;
"""
FUNCTIONS: Final = """
CREATE FUNCTION uuid_at(n bigint) RETURNS uuid RETURN md5(n::text)::uuid;
CREATE FUNCTION app_of(n bigint) RETURNS text RETURN 'app' || n % 6;
"""


def _uuid_at(n: int) -> UUID:
    return UUID(md5(str(n).encode(), usedforsecurity=False).hexdigest())


async def _stock(dsn: str) -> None:
    connection = await db.connect(dsn)
    await partitions.ensure(connection, {(NOON - timedelta(days=n)).date() for n in range(5)})
    await connection.execute(FUNCTIONS)
    await connection.execute(EVENTS, NOON)
    await connection.execute(ISSUES, NOON)
    await connection.execute(DROP_EMPTY)
    await connection.execute(REST)
    await connection.close()


@pytest.fixture(scope="module")
def stocked_dsn(cluster: Cluster, template: str) -> Iterator[str]:
    """A database with events enough for the planner to care."""
    dsn = cluster.create(template)
    # in a thread: an event loop of the test run must not be disturbed
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(_stock(dsn))).result()
    yield dsn
    cluster.drop(dsn)


@pytest.fixture
async def stocked(stocked_dsn: str) -> AsyncIterator[tuple[Connection, UUID, UUID]]:
    """A connection, an issue and an event of it."""
    connection = await db.connect(stocked_dsn)
    await connection.execute("SET max_parallel_workers_per_gather = 0")
    yield connection, _uuid_at(7), _uuid_at(607)
    await connection.close()


@pytest.mark.parametrize("name", READS)
async def test_a_page_is_read_by_the_indexes_made_for_it(
    stocked: tuple[Connection, UUID, UUID], name: str
) -> None:
    connection, issue, event = stocked
    asked: list[asyncpg.connection.LoggedQuery] = []
    with connection.query_logger(asked.append):
        await READS[name](connection, issue, event)
        # The last query is logged by a callback.
        await asyncio.sleep(0)
    plans = [await _plan(connection, query) for query in asked if "error_logs." in query.query]
    assert plans
    text = "\n\n".join(plans) + "\n"
    assert "Seq Scan on error_logs_" not in text, text
    path = PLANS / f"{name}.txt"
    if os.environ.get("PLANS") == "write":
        path.write_text(text)
    if os.environ.get("TEST_PG", "18") == "18":
        assert text == path.read_text(), f"{path.name}: PLANS=write writes it anew"


async def _plan(connection: Connection, query: asyncpg.connection.LoggedQuery) -> str:
    lines = await connection.fetch(f"EXPLAIN (COSTS OFF) {query.query}", *query.args)
    return _readable([str(line[0]) for line in lines])


def _readable(lines: list[str]) -> str:
    """Without what differs between days: each partition's part of a plan stands once, and values
    are not shown."""
    kept: list[str] = []
    for line in lines:
        of_a_day = re.sub(r"error_logs_\d{8}", "error_logs_DAY", line)
        of_any = re.sub(r"\b(e|latest)(_\d+)+\b", r"\1", of_a_day)
        kept.append(re.sub(r"'[^']*'::", "VALUE::", of_any))
    return "\n".join(_once(kept))


def _once(lines: list[str]) -> list[str]:
    """Of parts that follow one another and are the same, the first."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        end = _end_of_part(lines, at)
        part = lines[at:end]
        if "->" in lines[at] and kept[-len(part) :] == part:
            at = end
            continue
        kept.append(lines[at])
        at += 1
    return kept


def _end_of_part(lines: list[str], at: int) -> int:
    depth = _depth(lines[at])
    return next(
        (end for end in range(at + 1, len(lines)) if _depth(lines[end]) <= depth), len(lines)
    )


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def test_a_golden_plan_is_of_a_page() -> None:
    assert {path.stem for path in PLANS.iterdir()} == set(READS)
