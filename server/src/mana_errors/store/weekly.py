"""What happened in a week, and who was told."""

from collections import defaultdict
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from mana_errors.errors import NotFound
from mana_errors.model.delivery import State
from mana_errors.model.principal import Apps
from mana_errors.model.weekly import DAYS, AppWeek, Span, Week, WeekIssue
from mana_errors.store import audit
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("weekly")
# Of each list: more is read on the pages.
MAX_TOLD: Final = 5
# So many more events, and half as many again, than in the week before are worse; fewer come and go.
MIN_RISE: Final = 10
_APPS: Final = _SQL["apps"].format(fixed=_SQL["fixed"])
_ISSUES: Final = _SQL["issues"].format(fixed=_SQL["fixed"], limit=MAX_TOLD, rise=MIN_RISE)


class Due(NamedTuple):
    """A member whose report is ours to send."""

    week: date
    member_id: UUID
    email: str
    # null: they never chose
    language: str | None
    # null: all
    apps: list[str] | None
    # this one counted
    attempts: int


async def read_week(connection: Connection, span: Span, apps: Apps) -> Week:
    """What happened to these apps; None: to all."""
    seen = None if apps is None else sorted(apps)
    times = (seen, span.before, span.start, span.end)
    fared = await connection.fetch(_APPS, *times)
    daily = await connection.fetch(_SQL["days"], seen, span.before, span.end, span.zone)
    counts = {row["day"]: row["count"] for row in daily}
    lists: defaultdict[str, list[WeekIssue]] = defaultdict(list)
    totals: dict[str, int] = {}
    for row in await connection.fetch(_ISSUES, *times):
        lists[row["list"]].append(msgspec.convert(dict(row), WeekIssue))
        totals[row["list"]] = row["total"]
    return Week(
        span=span,
        apps=tuple(msgspec.convert(dict(row), AppWeek) for row in fared),
        days=tuple(counts.get(day, 0) for day in range(2 * DAYS)),
        new=tuple(lists["new"]),
        worse=tuple(lists["worse"]),
        worse_total=totals.get("worse", 0),
        fixed=tuple(lists["fixed"]),
        met=tuple(lists["met"]),
    )


async def plan(connection: Connection, span: Span, due_at: datetime) -> None:
    """One report for each member who wants it and was there; the second time nothing."""
    await connection.execute(_SQL["plan"], span.monday, span.end, due_at)


async def claim(connection: Connection, week: date, now: datetime, until: datetime) -> Due | None:
    """One that is due, nobody else's until then; None: there is none."""
    row = await connection.fetchrow(_SQL["claim"], week, now, until)
    return None if row is None else Due(**dict(row))


async def settle(
    connection: Connection, due: Due, state: State, detail: str, again_at: datetime | None = None
) -> bool:
    """What became of a try. `again_at`: of one that waits for the next. False, and nothing is
    written, if it is not ours any more."""
    values = (due.week, due.member_id, due.attempts, state, detail, again_at)
    return await connection.fetchval(_SQL["settle"], *values) is not None


async def want(connection: Connection, member_id: UUID, *, wanted: bool) -> None:
    """Whether a member gets it."""
    await connection.execute(_SQL["want"], member_id, wanted)


async def want_by_link(connection: Connection, email: str, address: str, *, wanted: bool) -> None:
    """Whether an address, as normal_email makes it, gets it: by a link that was sent there."""
    async with connection.transaction():
        if await connection.fetchval(_SQL["want_by_email"], email, wanted) is not None:
            actor = Actor(f"link:{email}", address)
            await audit.note(connection, actor, "member.weekly", email, {"wanted": wanted})


async def wants(connection: Connection, member_id: UUID) -> bool:
    """Whether a member gets it."""
    return bool(await connection.fetchval(_SQL["wants"], member_id))


async def wants_by_link(connection: Connection, email: str) -> bool:
    """Whether an address gets it. Raises NotFound where nobody has it any more."""
    wanted = await connection.fetchval(_SQL["wants_by_email"], email)
    if wanted is None:
        raise NotFound(f"there is no member {email}")
    return bool(wanted)


async def forget(connection: Connection, before: date) -> None:
    """Reports of weeks that began before a day."""
    await connection.execute(_SQL["forget"], before)
