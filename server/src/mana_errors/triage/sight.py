"""What a fold, or a clock, says of issues: what rules are tried on. Pure."""

from collections.abc import Collection, Iterable
from uuid import UUID

from mana_errors.model.event import Severity
from mana_errors.model.issue import Delta
from mana_errors.model.rule import Fact
from mana_errors.store.reopening import Reopening, Woken
from mana_errors.triage.watch import Sight


def seen_new(issues: Iterable[UUID], deltas: Iterable[Delta]) -> Iterable[Sight]:
    """Of new issues and their deltas."""
    for issue, delta in zip(issues, deltas, strict=True):
        yield Sight(
            issue=issue,
            app_id=delta.app_id,
            environments=_environments(delta),
            fact=Fact.NEW,
            details={"release": delta.last_release} if delta.last_release else {},
            delta=delta,
            severity=delta.severity,
        )


def seen_again(
    growth: dict[UUID, Delta],
    worse: dict[UUID, Severity],
    reopened: Collection[Reopening],
    merged: Collection[UUID],
) -> Iterable[Sight]:
    """Of known issues that got events; some have had worse ones, come back, have several hashes."""
    back = {item.issue: item for item in reopened}
    for issue, delta in growth.items():
        item = back.get(issue)
        yield Sight(
            issue=issue,
            app_id=delta.app_id,
            environments=_environments(delta),
            fact=None if item is None else Fact(item.kind),
            details={} if item is None else item.details,
            delta=delta,
            severity=worse.get(issue, delta.severity),
            merged=issue in merged,
        )


def seen_awake(woken: Iterable[Woken]) -> Iterable[Sight]:
    """Of issues that were ignored until a time that is over."""
    for item in woken:
        yield Sight(
            issue=item.reopening.issue,
            app_id=item.app_id,
            environments=item.environments,
            fact=Fact.ESCALATED,
            details=item.reopening.details,
            delta=None,
            severity=None,
        )


def _environments(delta: Delta) -> Collection[str]:
    if len(delta.rollups) == 1:
        return (delta.rollups[0].environment,)
    return {rollup.environment for rollup in delta.rollups}
