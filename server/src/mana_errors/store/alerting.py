"""What triage reads to decide which rules fire, and the alerts and deliveries that it writes."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from mana_errors.model.alert import Alert, IssueFacts
from mana_errors.model.ids import uuid7
from mana_errors.model.search import Search
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters
from mana_errors.store.queries import load
from mana_errors.store.search import issue_condition

_SQL: Final = load("alerting")
# Triage waits for it: a filter that takes longer is no filter for rules.
FILTER_TIMEOUT_S: Final = 2.0
# Of an issue, in one look: more events within a window say what these say.
MAX_USERS: Final = 200_000
# Whose same hours say what is usual.
USUAL_DAYS: Final = 14

# A rule and an issue.
Pair = tuple[UUID, UUID]


async def last_fired(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, datetime]:
    """When rules last fired for issues; pairs that never did are left out."""
    rules, issues = [rule for rule, _ in pairs], [issue for _, issue in pairs]
    rows = await connection.fetch(_SQL["last_fired"], rules, issues)
    return {(row["rule_id"], row["issue_id"]): row["at"] for row in rows}


async def last_fired_for_apps(
    connection: Connection, rule_id: UUID, apps: Collection[str]
) -> dict[str, datetime]:
    """When a rule last fired for apps as a whole."""
    rows = await connection.fetch(_SQL["last_fired_for_apps"], rule_id, list(apps))
    return {row["app_id"]: row["at"] for row in rows}


async def recent(
    connection: Connection, issues: Collection[UUID], since: datetime
) -> dict[UUID, int]:
    """The events of issues since then, by whole hours."""
    rows = await connection.fetch(_SQL["recent"], list(issues), since)
    return {row["issue_id"]: row["count"] for row in rows}


class Window(NamedTuple):
    """Of an issue's events, those within a time up to some moment from `earliest` on."""

    issue: UUID
    length: timedelta
    earliest: datetime


async def peaks(
    connection: Connection,
    windows: Sequence[Window],
    until: datetime,
    environments: Sequence[str] | None,
) -> list[int]:
    """The most events in each window; None: in any environment."""
    columns = map(list, zip(*windows, strict=True))
    rows = await connection.fetch(_SQL["peaks"], *columns, until, environments)
    return [row["peak"] for row in rows]


async def users(
    connection: Connection,
    windows: Sequence[Window],
    until: datetime,
    environments: Sequence[str] | None,
) -> list[list[tuple[datetime, int]]]:
    """For each window, when users met the issue in it, in the order of time, and who, as a number.
    Of each at most MAX_USERS."""
    issues = [window.issue for window in windows]
    since = [window.earliest - window.length for window in windows]
    rows = await connection.fetch(_SQL["users"], issues, since, until, environments, MAX_USERS)
    met: list[list[tuple[datetime, int]]] = [[] for _ in windows]
    for row in rows:
        position: int = row["position"]
        met[position].append((row["occurred_at"], row["who"]))
    return met


async def users_ever(connection: Connection, issues: Collection[UUID]) -> dict[UUID, int]:
    """How many users ever met issues; an estimate where they are many (store/sketch.py)."""
    rows = await connection.fetch(_SQL["users_ever"], list(issues))
    return {row["id"]: row["users"] for row in rows}


class Hours(NamedTuple):
    """An issue's events by hour, and when it was first seen."""

    counts: dict[datetime, int]
    first_seen: datetime


async def hours(
    connection: Connection,
    issues: Collection[UUID],
    hour: datetime,
    environments: Sequence[str] | None,
) -> dict[UUID, Hours]:
    """Issues' events of an hour and of the same hour of USUAL_DAYS before, where they had any."""
    first = await connection.fetch(_SQL["first_seen"], list(issues))
    found = {row["id"]: Hours({}, row["first_seen"]) for row in first}
    wanted = [hour - timedelta(days=day) for day in range(USUAL_DAYS + 1)]
    for row in await connection.fetch(_SQL["hours"], list(found), wanted, environments):
        found[row["issue_id"]].counts[row["hour"]] = row["count"]
    return found


async def found(connection: Connection, search: Search, issues: Collection[UUID]) -> set[UUID]:
    """Those of the issues that a search finds."""
    filters = Filters()
    filters.add("id = ANY({}::uuid[])", list(issues))
    filters.add_condition(issue_condition(search, None))
    sql = _SQL["found"].format(filters=filters)
    rows = await connection.fetch(sql, *filters.values, timeout=FILTER_TIMEOUT_S)
    return {row["id"] for row in rows}


async def facts_of(connection: Connection, issues: Collection[UUID]) -> dict[UUID, IssueFacts]:
    """Issues as they stand."""
    rows = await connection.fetch(_SQL["issues"], list(issues))
    return {row["id"]: msgspec.convert(dict(row), IssueFacts) for row in rows}


async def open_digests(
    connection: Connection, rules: Collection[UUID], now: datetime
) -> dict[Pair, datetime]:
    """When what waits for a rule and a channel is told."""
    rows = await connection.fetch(_SQL["open_digests"], list(rules), now)
    return {(row["rule_id"], row["channel_id"]): row["due_at"] for row in rows}


async def add(
    connection: Connection, alerts: Sequence[Alert], told: Sequence[tuple[UUID, UUID, datetime]]
) -> None:
    """Write alerts, and to which channels they go when: alert, channel, not before."""
    await connection.execute(
        _SQL["add_alerts"],
        [alert.id for alert in alerts],
        [alert.at for alert in alerts],
        [alert.rule_id for alert in alerts],
        [alert.app_id for alert in alerts],
        [alert.issue_id for alert in alerts],
        [alert.firing for alert in alerts],
    )
    if told:
        ids = [uuid7() for _ in told]
        await connection.execute(_SQL["add_deliveries"], ids, *map(list, zip(*told, strict=True)))


async def last_received(
    connection: Connection, apps: Collection[str] | None
) -> dict[str, datetime]:
    """By app, the minute of its latest event, or the hour after two days. Who has none is left
    out; None: of all apps."""
    wanted = None if apps is None else list(apps)
    rows = await connection.fetch(_SQL["last_received"], wanted)
    return {row["app_id"]: row["minute"] for row in rows}


async def environments_of(connection: Connection, issue: UUID) -> list[str]:
    """Of all of an issue's events; "" = not given."""
    rows = await connection.fetch(_SQL["environments"], issue)
    return [row["environment"] for row in rows]
