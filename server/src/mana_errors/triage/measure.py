"""The numbers that a rule's trigger asks for."""

from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.rule import ManyEvents, ManyUsers, Rule, Unusual
from mana_errors.store import alerting
from mana_errors.store.db import Connection
from mana_errors.triage.decide import LEAST_DAYS, Facts, Usual
from mana_errors.triage.sliding import Distinct
from mana_errors.triage.watch import LATE

# No issue has so many.
_NEVER: Final = 2**63


async def measured(connection: Connection, rule: Rule, issue: UUID, facts: Facts) -> Facts:
    """The same facts, and the number that the rule's trigger compares. The rule's last firing is
    among them: a window that ended before has been told about."""
    match rule.trigger:
        case ManyEvents(minutes=minutes) | ManyUsers(minutes=minutes):
            peak = await _peak(connection, rule, issue, timedelta(minutes=minutes), facts)
            return msgspec.structs.replace(facts, peak=peak)
        case Unusual():
            hour = facts.now.replace(minute=0, second=0, microsecond=0)
            counts, first_seen = await alerting.hours(connection, issue, rule, hour)
            return msgspec.structs.replace(facts, usual=usual_of(counts, hour, first_seen))
        case _:
            return facts


async def _peak(
    connection: Connection, rule: Rule, issue: UUID, window: timedelta, facts: Facts
) -> int:
    earliest = facts.now - LATE
    if facts.last_fired and not isinstance(facts.last_fired, bool):
        earliest = max(earliest, facts.last_fired)
    # received by now, and by clocks that are ahead
    latest = facts.now + LATE
    if isinstance(rule.trigger, ManyEvents):
        return await alerting.peak(connection, issue, rule, window, (earliest, latest))
    met = await alerting.users(connection, issue, rule, earliest - window, latest)
    users = Distinct(window)
    counts = [(at, users.add(at, who)) for at, who in met]
    return max((count for at, count in counts if at >= earliest), default=0)


def usual_of(counts: dict[datetime, int], hour: datetime, first_seen: datetime) -> Usual:
    """An hour against the same hour of the days before that the issue has seen."""
    before = [hour - timedelta(days=day) for day in range(1, alerting.USUAL_DAYS + 1)]
    known = [counts.get(at, 0) for at in before if at >= first_seen or at in counts]
    return Usual(counts.get(hour, 0), float(median(known)) if known else 0.0, len(known))


def missing(rule: Rule, facts: Facts) -> int:
    """How many more events an issue needs at least for the rule to fire."""
    match rule.trigger:
        case ManyEvents(events=least) | ManyUsers(users=least):
            return least - (facts.peak or 0)
        case Unusual() if facts.usual is not None and facts.usual.days < LEAST_DAYS:
            return _NEVER
        case Unusual(times=times, least=least) if facts.usual is not None:
            return max(least, int(times * facts.usual.usual) + 1) - facts.usual.events
        case _:
            return 0


def missing_until(rule: Rule, facts: Facts) -> datetime:
    """Until when that holds: windows slide and only lose events, the next hour begins anew."""
    if isinstance(rule.trigger, Unusual):
        return facts.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return datetime.max.replace(tzinfo=UTC)
