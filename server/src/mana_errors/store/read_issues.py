"""Issues as readers see them."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from mana_errors.errors import NotFound
from mana_errors.model.principal import Apps
from mana_errors.model.query import (
    IssueEventQuery,
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
    IssueHash,
    Page,
    Tick,
    Trend,
)
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.queries import load
from mana_errors.store.read_events import issue_events

_SQL: Final = load("read_issues")
TREND_HOURS: Final = 24
TREND_DAYS: Final = 14
# Choices beyond that are no longer a list to pick from.
MAX_APPS: Final = 200


class _Order(NamedTuple):
    # attribute of Issue that cursors carry
    key: str
    order: str
    # rows behind a cursor's key and id
    after: str


_ORDERS: Final = {
    IssueSort.LAST_SEEN: _Order(
        "last_seen",
        "last_seen_bin DESC, last_seen DESC, id DESC",
        "(last_seen_bin, last_seen, id) < "
        "(date_bin('5 minutes', {0}::timestamptz, '2000-01-01 00:00:00+00'), {0}, {1})",
    ),
    IssueSort.FIRST_SEEN: _Order(
        "first_seen", "first_seen DESC, id DESC", "(first_seen, id) < ({}, {})"
    ),
    IssueSort.COUNT: _Order("count", "count DESC, id DESC", "(count, id) < ({}, {})"),
    IssueSort.USERS: _Order("users", "users DESC, id DESC", "(users, id) < ({}, {})"),
}


async def list_issues(connection: Connection, query: IssueQuery, apps: Apps) -> Page[Issue]:
    """One page of the issues of these apps. Raises BadRequest for a cursor of another list."""
    order = _ORDERS[query.sort]
    wanted = wanted_apps(query.app, apps)
    filters = _filters(query)
    if query.cursor is not None:
        after = decode_cursor(query.cursor, query.sort)
        key = in_utc(after.key) if isinstance(after.key, datetime) else after.key
        filters.add(order.after, key, after.id)
    issues = await _issues(connection, filters, order.order, query.limit + 1, wanted)
    if len(issues) <= query.limit:
        return Page(issues, None)
    last = issues[query.limit - 1]
    position = Position(query.sort, getattr(last, order.key), last.id)
    return Page(issues[: query.limit], encode_cursor(position))


def _filters(query: IssueQuery) -> Filters:
    filters = Filters()
    filters.any_of("environment", query.environment)
    filters.any_of("severity", query.severity, "error_logs.error_severity")
    filters.any_of("status", query.status, "error_logs.issue_status")
    filters.words(_SQL["issue_text"], query.q)
    return filters


async def _issues(
    connection: Connection,
    filters: Filters,
    order: str,
    limit: int,
    apps: tuple[str, ...] | None,
) -> list[Issue]:
    """The first of an order, of some apps or of all. Each app's are read by its own index and
    then merged: a list of apps as a condition would read the others' newer issues, too."""
    apps_value = filters.one_or_many("app_id", apps)
    source = "issues" if apps_value is None else "issues_of_apps"
    sql = _SQL[source].format(
        columns=_SQL["columns"], filters=filters, order=order, limit=limit, apps=apps_value
    )
    rows = await connection.fetch(sql, *filters.values)
    return [msgspec.convert(dict(row), Issue) for row in rows]


async def find_issue(connection: Connection, issue_id: UUID, apps: Apps) -> Issue:
    """Raises NotFound, for an issue of another app too."""
    sql = _SQL["issue"].format(columns=_SQL["columns"])
    row = await connection.fetchrow(sql, issue_id, None if apps is None else list(apps))
    if row is None:
        raise NotFound(f"there is no issue {issue_id}")
    return msgspec.convert(dict(row), Issue)


async def describe_issue(
    connection: Connection, issue_id: UUID, apps: Apps, now: datetime | None = None
) -> IssueDetail:
    """Raises NotFound, for an issue of another app too."""
    issue = await find_issue(connection, issue_id, apps)
    hashes = await hashes_of(connection, issue_id)
    latest = await issue_events(connection, issue, hashes, IssueEventQuery(limit=1))
    return IssueDetail(
        **msgspec.structs.asdict(issue),
        hashes=hashes,
        trend=await _trend(connection, hashes, now or datetime.now(UTC)),
        latest_event_id=latest.items[0].id if latest.items else None,
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


async def _trend(connection: Connection, hashes: list[IssueHash], now: datetime) -> Trend:
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=TREND_DAYS - 1)
    keys = [item.grouping_hash for item in hashes]
    rows = await connection.fetch(_SQL["hours"], keys, since)
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
