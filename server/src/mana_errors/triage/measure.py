"""The numbers that rules' triggers ask for."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from mana_errors.model.rule import ManyEvents, ManyUsers, Rule, Unusual
from mana_errors.store import alerting
from mana_errors.store.alerting import Window
from mana_errors.store.db import Connection
from mana_errors.triage.decide import LEAST_DAYS, Facts, Usual
from mana_errors.triage.sliding import Distinct
from mana_errors.triage.watch import LATE

# No issue has so many.
_NEVER: Final = 2**63
# Windows whose users are in memory at once: at the very most MAX_USERS each, 100 bytes a user.
_AT_ONCE: Final = 20


class Ask(NamedTuple):
    """The number that a rule's trigger compares is wanted. The rule's last firing is among the
    facts: a window that ended before has been told about."""

    rule: Rule
    issue: UUID
    facts: Facts


async def measured(connection: Connection, asks: Sequence[Ask]) -> list[Facts]:
    """The same facts with the numbers, of rules that are alike in their trigger's kind and
    environments: a storm brings thousands, which are one query."""
    match asks[0].rule.trigger:
        case ManyEvents():
            windows = [_window(ask) for ask in asks]
            found = await alerting.peaks(connection, windows, *_bounds(asks[0]))
            return [_with_peak(ask, peak) for ask, peak in zip(asks, found, strict=True)]
        case ManyUsers():
            return [facts async for facts in _with_users(connection, asks)]
        case Unusual():
            return await _with_usual(connection, asks)
        case _:
            return [ask.facts for ask in asks]


def _window(ask: Ask) -> Window:
    assert isinstance(ask.rule.trigger, ManyEvents | ManyUsers)  # noqa: S101 - by measured
    earliest = ask.facts.now - LATE
    if isinstance(ask.facts.last_fired, datetime):
        earliest = max(earliest, ask.facts.last_fired)
    return Window(ask.issue, timedelta(minutes=ask.rule.trigger.minutes), earliest)


def _bounds(ask: Ask) -> tuple[datetime, Sequence[str] | None]:
    """Received by now, and by clocks that are ahead; in which environments."""
    return ask.facts.now + LATE, ask.rule.environments


def _with_peak(ask: Ask, peak: int) -> Facts:
    return msgspec.structs.replace(ask.facts, peak=peak)


async def _with_users(connection: Connection, asks: Sequence[Ask]) -> AsyncIterator[Facts]:
    for start in range(0, len(asks), _AT_ONCE):
        some = asks[start : start + _AT_ONCE]
        windows = [_window(ask) for ask in some]
        met = await alerting.users(connection, windows, *_bounds(asks[0]))
        for ask, window, times in zip(some, windows, met, strict=True):
            users = Distinct(window.length)
            counts = [(at, users.add(at, who)) for at, who in times]
            peak = max((count for at, count in counts if at >= window.earliest), default=0)
            yield _with_peak(ask, peak)


async def _with_usual(connection: Connection, asks: Sequence[Ask]) -> list[Facts]:
    hour = asks[0].facts.now.replace(minute=0, second=0, microsecond=0)
    issues = {ask.issue for ask in asks}
    hours = await alerting.hours(connection, issues, hour, asks[0].rule.environments)
    return [
        msgspec.structs.replace(ask.facts, usual=usual_of(counts, hour, first_seen))
        for ask in asks
        for counts, first_seen in [hours[ask.issue]]
    ]


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
