"""All apps at a glance, their releases, and what one user met."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Final

import msgspec

from mana_errors.model.exploring import (
    AppOverview,
    Overview,
    ReleaseQuery,
    ReleaseRow,
    Rising,
    UserErrors,
    UserIssue,
)
from mana_errors.model.principal import Apps
from mana_errors.model.query import Position, decode_cursor, encode_cursor, in_utc
from mana_errors.model.reading import Page
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.queries import load
from mana_errors.store.read_events import NOT_DELETED
from mana_errors.store.read_issues import HOUR, TREND_HOURS, first_hour, issues_by_id

_SQL: Final = load("explore")
_RELEASES: Final = "firstSeen"
MAX_RISING: Final = 10
# An id that all share must not read the whole table.
MAX_USER_EVENTS: Final = 2_000
MAX_USER_ISSUES: Final = 100


async def overview(connection: Connection, apps: Apps, now: datetime | None = None) -> Overview:
    """The apps with the most errors first, and the issues that rose most."""
    since = first_hour(now or datetime.now(UTC))
    seen = None if apps is None else sorted(apps)
    hours: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (2 * TREND_HOURS))
    begin = since - HOUR * TREND_HOURS
    for row in await connection.fetch(_SQL["received"], seen, begin):
        if (at := (row["hour"] - begin) // HOUR) < 2 * TREND_HOURS:
            hours[row["app"]][at] = row["count"]
    standing = {row["app"]: row for row in await connection.fetch(_SQL["standing"], seen, since)}
    listed = [
        AppOverview(
            app=app,
            events=sum(hours[app][TREND_HOURS:]),
            events_before=sum(hours[app][:TREND_HOURS]),
            hours=hours[app][TREND_HOURS:],
            new_issues=row["new_issues"] if (row := standing.get(app)) else 0,
            new_issues_before=row["new_before"] if row else 0,
            regressed_issues=row["regressed"] if row else 0,
            unresolved_issues=row["unresolved"] if row else 0,
        )
        for app in sorted({*hours, *standing})
    ]
    listed.sort(key=lambda app: app.events, reverse=True)
    return Overview(listed, await _rising(connection, seen, since))


async def _rising(connection: Connection, seen: list[str] | None, since: datetime) -> list[Rising]:
    rows = await connection.fetch(_SQL["rising"], seen, since, MAX_RISING)
    issues = await issues_by_id(connection, [row["issue_id"] for row in rows])
    return [
        Rising(issues[row["issue_id"]], row["now"], row["before"])
        for row in rows
        if row["issue_id"] in issues
    ]


async def list_releases(
    connection: Connection, query: ReleaseQuery, apps: Apps
) -> Page[ReleaseRow]:
    """One page of releases, the newest first. Raises BadRequest for a foreign cursor."""
    filters = Filters()
    wanted = wanted_apps(query.app, apps)
    if wanted is not None:
        filters.add("app = ANY({}::text[])", list(wanted))
    if query.cursor is not None:
        after = decode_cursor(query.cursor, _RELEASES)
        key = in_utc(after.key) if isinstance(after.key, datetime) else after.key
        filters.add('("firstSeen", id) < ({}, {})', key, after.id)
    sql = _SQL["releases"].format(filters=filters, limit=query.limit + 1)
    rows = await connection.fetch(sql, *filters.values)
    items = [msgspec.convert(dict(row), ReleaseRow) for row in rows[: query.limit]]
    if len(rows) <= query.limit:
        return Page(items, None)
    last = rows[query.limit - 1]
    return Page(items, encode_cursor(Position(_RELEASES, last["firstSeen"], last["id"])))


async def errors_of_user(connection: Connection, user: str, apps: Apps) -> UserErrors:
    """What a user met, the latest issue first; of nobody, nothing."""
    seen = None if apps is None else sorted(apps)
    rows = await connection.fetch(
        _SQL["of_user"].format(not_deleted=NOT_DELETED), user, seen, MAX_USER_EVENTS
    )
    issues = await issues_by_id(connection, [row["issue_id"] for row in rows[:MAX_USER_ISSUES]])
    return UserErrors(
        user=user,
        events=sum(row["events"] for row in rows),
        first_seen=min((row["first_seen"] for row in rows), default=None),
        last_seen=max((row["last_seen"] for row in rows), default=None),
        issues=[
            UserIssue(issues[row["issue_id"]], row["count"], row["last_seen"])
            for row in rows
            if row["issue_id"] in issues
        ],
    )
