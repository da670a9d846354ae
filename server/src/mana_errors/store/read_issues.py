"""Issues as readers see them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from mana_errors.errors import Moved, NotFound
from mana_errors.model.issue import IssueStatus
from mana_errors.model.principal import Apps
from mana_errors.model.query import (
    IssueQuery,
    IssueSort,
    Position,
    decode_cursor,
    encode_cursor,
    in_utc,
)
from mana_errors.model.reading import (
    Component,
    Issue,
    IssueDetail,
    IssueGroup,
    IssueHash,
    ListedIssue,
    Page,
    Sparkline,
    Tick,
    Trend,
)
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.queries import load
from mana_errors.store.read_events import latest_of
from mana_errors.store.search import apps_asked_for, issue_condition

_SQL: Final = load("read_issues")
TREND_HOURS: Final = 24
TREND_DAYS: Final = 14
HOUR: Final = timedelta(hours=1)
# As long as `is:new` says.
NEW_FOR: Final = timedelta(hours=24)
# Of a merged issue, those that happen most: more is no list to pick from.
MAX_GROUPS: Final = 50
# Choices beyond that are no longer a list to pick from.
MAX_APPS: Final = 200


@dataclass(frozen=True, slots=True)
class _Order:
    """One order of the list."""

    # what cursors carry
    key: Callable[[ListedIssue], datetime | int]
    order: str
    # rows behind a cursor's key and id
    after: str


_ORDERS: Final[dict[IssueSort, _Order]] = {
    IssueSort.LAST_SEEN: _Order(
        lambda issue: issue.last_seen,
        "last_seen_bin DESC, last_seen DESC, id DESC",
        "(last_seen_bin, last_seen, id) < "
        "(date_bin('5 minutes', {0}::timestamptz, '2000-01-01 00:00:00+00'), {0}, {1})",
    ),
    IssueSort.FIRST_SEEN: _Order(
        lambda issue: issue.first_seen,
        "first_seen DESC, id DESC",
        "(first_seen, id) < ({}, {})",
    ),
    IssueSort.COUNT: _Order(
        lambda issue: issue.count,
        "count_bin DESC, count DESC, id DESC",
        "(count_bin, count, id) < (error_logs.count_bin({0}::bigint), {0}, {1})",
    ),
    IssueSort.USERS: _Order(
        lambda issue: issue.users,
        "users_bin DESC, users DESC, id DESC",
        "(users_bin, users, id) < (error_logs.count_bin({0}::bigint), {0}, {1})",
    ),
    IssueSort.TREND: _Order(
        lambda issue: sum(issue.sparkline.hours),
        "trend DESC, id DESC",
        "(trend, id) < ({}, {})",
    ),
}


async def list_issues(
    connection: Connection,
    query: IssueQuery,
    apps: Apps,
    me: UUID | None = None,
    now: datetime | None = None,
) -> Page[ListedIssue]:
    """One page of the issues of these apps, for a member. Raises SearchSyntax, and BadRequest for
    a cursor of another list."""
    order = _ORDERS[query.sort]
    now = now or datetime.now(UTC)
    search = query.search()
    filters = Filters()
    filters.add_condition(issue_condition(search, me))
    if query.cursor is not None:
        after = decode_cursor(query.cursor, query.sort)
        key = in_utc(after.key) if isinstance(after.key, datetime) else after.key
        filters.add(order.after, key, after.id)
    wanted = wanted_apps(apps_asked_for(search), apps)
    rows: list[asyncpg.Record] = []
    for source in _sources(query.sort, filters, wanted, first_hour(now)):
        sql = source.format(
            columns=_SQL["columns"],
            filters=filters,
            order=order.order,
            limit=query.limit + 1 - len(rows),
        )
        rows += await connection.fetch(sql, *filters.values)
        if len(rows) > query.limit:
            break
    issues = [msgspec.convert(dict(row), Issue) for row in rows[: query.limit]]
    listed = await _with_trends(connection, issues, now)
    if len(rows) <= query.limit:
        return Page(listed, None)
    position = Position(query.sort, order.key(listed[-1]), listed[-1].id)
    return Page(listed, encode_cursor(position))


def _sources(
    sort: IssueSort, filters: Filters, apps: tuple[str, ...] | None, since: datetime
) -> list[str]:
    """The queries, one behind the other, with filters, order and limit left to fill in. Each app's
    issues are read by its own index and then merged: a list of apps as a condition would read the
    others' newer issues, too. A trend has no index: those that happen are counted, then sorted."""
    if sort is IssueSort.TREND:
        if apps is not None:
            filters.any_of("app_id", apps or ("",))
        hour = filters.value(since)
        found = (_SQL[name].format(since=hour) for name in ("happening", "quiet"))
        return [_SQL["issues"].replace("{issues}", issues) for issues in found]
    many = filters.one_or_many("app_id", apps)
    if many is None:
        return [_SQL["issues"].replace("{issues}", "error_logs.issues")]
    return [_SQL["issues_of_apps"].replace("{apps}", many)]


async def _with_trends(
    connection: Connection, issues: list[Issue], now: datetime
) -> list[ListedIssue]:
    days, hours = first_day(now), first_hour(now)
    lines = {issue.id: Sparkline([0] * TREND_HOURS, [0] * TREND_DAYS) for issue in issues}
    for row in await connection.fetch(_SQL["sparklines"], list(lines), days, hours):
        line = lines[row["issue_id"]]
        # An event may be an hour ahead of us.
        if row["series"] == "hours" and (at := (row["at"] - hours) // HOUR) < TREND_HOURS:
            line.hours[at] = row["count"]
        if row["series"] == "days" and (at := (row["at"] - days).days) < TREND_DAYS:
            line.days[at] = row["count"]
    return [
        ListedIssue(
            **msgspec.structs.asdict(issue),
            sparkline=lines[issue.id],
            is_new=issue.first_seen > now - NEW_FOR,
            is_regressed=issue.regressed_at is not None and issue.status is IssueStatus.UNRESOLVED,
        )
        for issue in issues
    ]


async def find_issue(connection: Connection, issue_id: UUID, apps: Apps) -> Issue:
    """Raises Moved for one that is part of another, NotFound for one of another app too."""
    sql = _SQL["issue"].format(columns=_SQL["columns"])
    seen = None if apps is None else list(apps)
    row = await connection.fetchrow(sql, issue_id, seen)
    if row is not None:
        return msgspec.convert(dict(row), Issue)
    into = await connection.fetchval(_SQL["merged_into"], issue_id, seen)
    if into is not None:
        raise Moved(issue_id, into)
    raise NotFound(f"there is no issue {issue_id}")


async def find_with_hashes(
    connection: Connection, issue_id: UUID, apps: Apps
) -> tuple[Issue, list[IssueHash]]:
    """As find_issue, with the grouping hashes whose events it holds."""
    issue = await find_issue(connection, issue_id, apps)
    return issue, await hashes_of(connection, issue_id)


async def issues_by_id(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Issue]:
    """Those of these issues that there are."""
    filters = Filters()
    filters.add("id = ANY({}::uuid[])", list(ids))
    source = _SQL["issues"].format(
        columns=_SQL["columns"],
        issues="error_logs.issues",
        filters=filters,
        order="id",
        limit=len(ids),
    )
    rows = await connection.fetch(source, *filters.values)
    issues = [msgspec.convert(dict(row), Issue) for row in rows]
    return {issue.id: issue for issue in issues}


async def describe_issue(
    connection: Connection, issue_id: UUID, apps: Apps, now: datetime | None = None
) -> IssueDetail:
    """Raises NotFound, for an issue of another app too."""
    issue, hashes = await find_with_hashes(connection, issue_id, apps)
    return IssueDetail(
        **msgspec.structs.asdict(issue),
        hashes=hashes,
        trend=await _trend(connection, hashes, now or datetime.now(UTC)),
        latest_event_id=await latest_of(connection, issue, hashes),
    )


async def hashes_of(connection: Connection, issue_id: UUID) -> list[IssueHash]:
    """The grouping hashes whose events an issue holds, oldest first."""
    return [
        IssueHash(
            row["grouping_hash"],
            row["fingerprint"],
            [Component(name, value) for name, value in row["components"]],
        )
        for row in await connection.fetch(_SQL["hashes"], issue_id)
    ]


async def groups_of(connection: Connection, issue_id: UUID, apps: Apps) -> list[IssueGroup]:
    """What an issue was merged from, the most frequent first; none while it has one grouping hash.
    Raises NotFound."""
    await find_issue(connection, issue_id, apps)
    rows = await connection.fetch(_SQL["groups"], issue_id, MAX_GROUPS)
    return [msgspec.convert(dict(row), IssueGroup) for row in rows]


def first_hour(now: datetime) -> datetime:
    """Where the last TREND_HOURS begin; the running one is the last."""
    return now.replace(minute=0, second=0, microsecond=0) - HOUR * (TREND_HOURS - 1)


def first_day(now: datetime) -> datetime:
    """Where the last TREND_DAYS begin; today is the last."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=TREND_DAYS - 1)


async def _trend(connection: Connection, hashes: list[IssueHash], now: datetime) -> Trend:
    keys = [item.grouping_hash for item in hashes]
    rows = await connection.fetch(_SQL["hours"], keys, first_day(now))
    return make_trend({row["hour"]: row["count"] for row in rows}, now)


def make_trend(counts: dict[datetime, int], now: datetime) -> Trend:
    """Hourly counts (UTC) as gapless series that end at `now`."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=ago) for ago in reversed(range(TREND_HOURS))]
    days = {this_hour.date() - timedelta(days=ago): 0 for ago in reversed(range(TREND_DAYS))}
    for hour, count in counts.items():
        if hour.date() in days:
            days[hour.date()] += count
    return Trend(
        hours=[Tick(hour, counts.get(hour, 0)) for hour in hours],
        days=[Tick(datetime(d.year, d.month, d.day, tzinfo=UTC), n) for d, n in days.items()],
    )


async def list_apps(connection: Connection, apps: Apps) -> list[str]:
    """Those of these apps that have issues, by name; at most MAX_APPS."""
    rows = await connection.fetch(_SQL["apps"], MAX_APPS, None if apps is None else list(apps))
    return [str(row["app_id"]) for row in rows]
