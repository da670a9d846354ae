"""Which resolved issues regress, which ignored ones escalate, now that their events are counted."""

from datetime import datetime
from uuid import UUID

from mana_errors.model.activity import Kind
from mana_errors.model.condition import (
    InNextRelease,
    InRelease,
    UntilEvents,
    UntilRate,
    UntilTime,
    UntilUsers,
)
from mana_errors.model.event import JsonObject
from mana_errors.model.fix import bound_of, has_fix
from mana_errors.model.issue import Delta, IssueStatus, ReleaseSpan, spans
from mana_errors.store import releases, reopening
from mana_errors.store.db import Connection
from mana_errors.store.reopening import Reopening, Settled


async def reopen(connection: Connection, growth: dict[UUID, Delta]) -> list[Reopening]:
    """Reopen those of the issues whose condition their growth has met; which. Most have none: one
    look finds the few that do."""
    if not growth:
        return []
    found: list[Reopening] = []
    for issue in await reopening.settled(connection, growth):
        delta = growth[issue.id]
        judge = _regression if issue.status is IssueStatus.RESOLVED else _escalation
        if (verdict := await judge(connection, issue, delta)) is not None:
            found.append(verdict)
    await reopening.reopen(connection, found)
    return found


async def _regression(connection: Connection, issue: Settled, delta: Delta) -> Reopening | None:
    """By the latest event that was received after the resolution and, where that names a release,
    in one that has the fix."""
    late = [
        span
        for span in spans(delta)
        if issue.resolved_at is not None and span.last_received > issue.resolved_at
    ]
    if isinstance(issue.condition, InRelease | InNextRelease):
        late = await _with_fix(connection, issue.app_id, issue.condition, late)
    if not late:
        return None
    span = max(late, key=lambda span: span.last_received)
    details: JsonObject = {"release": span.release} if span.release else {}
    return Reopening(issue.id, Kind.REGRESSED, span.last_received, span.last_seen, details)


async def _with_fix(
    connection: Connection,
    app_id: str,
    condition: InRelease | InNextRelease,
    late: list[ReleaseSpan],
) -> list[ReleaseSpan]:
    """An event that names no release says nothing about the fix."""
    named = [span for span in late if span.release]
    bound = bound_of(condition)
    wanted = {span.release for span in named} | {release for release in (bound,) if release}
    known = {item.version: item for item in await releases.known(connection, app_id, wanted)}
    at = known[bound] if bound else None
    return [span for span in named if has_fix(condition, known[span.release], at)]


async def _escalation(connection: Connection, issue: Settled, delta: Delta) -> Reopening | None:
    reason = await _reason(connection, issue, delta)
    if reason is None:
        return None
    return Reopening(issue.id, Kind.ESCALATED, delta.last_received, delta.last_seen, reason)


async def _reason(connection: Connection, issue: Settled, delta: Delta) -> JsonObject | None:
    match issue.condition:
        case UntilTime(at) if delta.last_received >= at:
            return {"reason": "time", "at": at}
        case UntilEvents(more, total) if issue.count >= total:
            return {"reason": "events", "more": more}
        case UntilUsers(users) if issue.users >= users:
            return {"reason": "users", "users": users}
        case UntilRate(per_hour):
            hour = await _busy_hour(connection, issue.id, issue.condition, delta)
            return None if hour is None else {"reason": "rate", "perHour": per_hour, "hour": hour}
        case _:
            return None


async def _busy_hour(
    connection: Connection, issue: UUID, condition: UntilRate, delta: Delta
) -> datetime | None:
    """The first hour since the issue is ignored that has too many events. Those that the first
    hour had before do not count."""
    hours = {rollup.hour for rollup in delta.rollups if rollup.hour >= condition.since}
    counts = await reopening.hours(connection, issue, hours)
    if condition.since in counts:
        counts[condition.since] -= condition.before
    busy = [hour for hour, count in counts.items() if count >= condition.per_hour]
    return min(busy, default=None)
