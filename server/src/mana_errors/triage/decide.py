"""Whether a rule fires: the one place that says so, for triage, back-tests and explanations. Pure.

What was not looked up yet is None and leaves the decision open, so that triage decides cheaply
first and looks up only what is still open.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec

from mana_errors.model.decision import Check, Step
from mana_errors.model.event import JsonObject
from mana_errors.model.rule import (
    Becomes,
    Fact,
    ManyEvents,
    ManyUsers,
    Occurs,
    Rule,
    Silent,
    Trigger,
    Unusual,
)

# With fewer, nobody knows what is usual.
LEAST_DAYS: Final = 3


class Usual(msgspec.Struct, frozen=True):
    """An hour and the same hour of the days before."""

    events: int
    # median
    usual: float
    days: int


class Facts(msgspec.Struct, frozen=True):
    """What a decision is made of. None: not looked up."""

    now: datetime
    app_id: str
    # of the events at hand; "" = not given
    environments: Collection[str]
    fact: Fact | None = None
    # of the fact
    details: JsonObject = {}
    # the rule fired for the issue, or for the app; False: never
    last_fired: datetime | bool | None = None
    # most events or users in a window
    peak: int | None = None
    usual: Usual | None = None
    # when the app last had an event; False: never
    last_received: datetime | bool | None = None
    # the filter finds the issue
    found: bool | None = None


def decide(rule: Rule, facts: Facts) -> Step:
    """The step that decides: the first that does not hold, else the first that is open, else the
    trigger's own: it fires."""
    still_open = None
    for check in _CHECKS[type(rule.trigger)]:
        step = check(rule, facts)
        if step.holds is False:
            return step
        if step.holds is None and still_open is None:
            still_open = step
    return still_open or _OF_TRIGGER[type(rule.trigger)](rule, facts)


def steps(rule: Rule, facts: Facts) -> list[Step]:
    """Every step, also behind one that does not hold."""
    return [check(rule, facts) for check in _CHECKS[type(rule.trigger)]]


def least_events(trigger: Trigger) -> int:
    """Events that an issue needs at the very least; 0: the trigger counts none."""
    match trigger:
        case ManyEvents(events=least) | ManyUsers(users=least) | Unusual(least=least):
            return least
        case _:
            return 0


_ENABLED: Final = Step(Check.ENABLED, holds=True)
_DISABLED: Final = Step(Check.ENABLED, holds=False)
_APP: Final = Step(Check.APP, holds=True)
_ENVIRONMENT: Final = Step(Check.ENVIRONMENT, holds=True)
_FOUND: Final = {value: Step(Check.FILTER, holds=value) for value in (True, False, None)}


def _enabled(rule: Rule, _: Facts) -> Step:
    return _ENABLED if rule.enabled else _DISABLED


def _app(rule: Rule, facts: Facts) -> Step:
    if rule.apps is None or facts.app_id in rule.apps:
        return _APP
    return Step(Check.APP, holds=False, numbers={"apps": rule.apps})


def _environment(rule: Rule, facts: Facts) -> Step:
    if rule.environments is None or any(name in facts.environments for name in rule.environments):
        return _ENVIRONMENT
    return Step(Check.ENVIRONMENT, holds=False, numbers={"environments": rule.environments})


def _fact(rule: Rule, facts: Facts) -> Step:
    assert isinstance(rule.trigger, Becomes)  # noqa: S101 - by _CHECKS
    if facts.fact in rule.trigger.facts:
        return Step(Check.FACT, holds=True, numbers={"fact": facts.fact, **facts.details})
    numbers: JsonObject = {"fact": facts.fact, "facts": rule.trigger.facts}
    return Step(Check.FACT, holds=False, numbers=numbers)


def _occurs(_: Rule, __: Facts) -> Step:
    return Step(Check.EVENTS, holds=True)


def _back_off(rule: Rule, facts: Facts) -> Step:
    numbers: JsonObject = {"againAfterMinutes": rule.again_after_minutes}
    if facts.last_fired is None:
        return Step(Check.BACK_OFF, holds=None, numbers=numbers)
    if isinstance(facts.last_fired, bool):
        return Step(Check.BACK_OFF, holds=True, numbers=numbers)
    ago = facts.now - facts.last_fired
    numbers |= {"firedAt": facts.last_fired, "minutesAgo": _minutes(ago)}
    holds = ago >= timedelta(minutes=rule.again_after_minutes)
    if isinstance(facts.last_received, datetime):
        # of one silence people are told once
        holds = holds and facts.last_fired < facts.last_received
    return Step(Check.BACK_OFF, holds=holds, numbers=numbers)


def _events(rule: Rule, facts: Facts) -> Step:
    assert isinstance(rule.trigger, ManyEvents)  # noqa: S101 - by _CHECKS
    return _many(Check.EVENTS, rule.trigger.events, rule.trigger.minutes, facts.peak)


def _users(rule: Rule, facts: Facts) -> Step:
    assert isinstance(rule.trigger, ManyUsers)  # noqa: S101 - by _CHECKS
    return _many(Check.USERS, rule.trigger.users, rule.trigger.minutes, facts.peak)


def _many(check: Check, least: int, minutes: int, peak: int | None) -> Step:
    numbers: JsonObject = {check.value: peak, "from": least, "minutes": minutes}
    return Step(check, holds=None if peak is None else peak >= least, numbers=numbers)


def _unusual(rule: Rule, facts: Facts) -> Step:
    trigger, found = rule.trigger, facts.usual
    assert isinstance(trigger, Unusual)  # noqa: S101 - by _CHECKS
    numbers: JsonObject = {"times": trigger.times, "from": trigger.least}
    if found is None:
        return Step(Check.UNUSUAL, holds=None, numbers=numbers)
    numbers |= {"events": found.events, "usual": found.usual, "days": found.days}
    many = found.events >= trigger.least and found.events > trigger.times * found.usual
    return Step(Check.UNUSUAL, holds=many and found.days >= LEAST_DAYS, numbers=numbers)


def _silence(rule: Rule, facts: Facts) -> Step:
    trigger, last = rule.trigger, facts.last_received
    assert isinstance(trigger, Silent)  # noqa: S101 - by _CHECKS
    numbers: JsonObject = {"from": trigger.minutes}
    if last is None or isinstance(last, bool):
        # who never reported has nothing to be silent about
        return Step(Check.SILENCE, holds=last, numbers=numbers)
    silent = facts.now - last
    numbers |= {"minutes": _minutes(silent), "since": last}
    return Step(Check.SILENCE, holds=silent >= timedelta(minutes=trigger.minutes), numbers=numbers)


def _filter(rule: Rule, facts: Facts) -> Step:
    return _FOUND[facts.found if rule.filter else True]


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)


_Checks = tuple[Callable[[Rule, Facts], Step], ...]
_OF_TRIGGER: Final[dict[type[Trigger], Callable[[Rule, Facts], Step]]] = {
    Becomes: _fact,
    Occurs: _occurs,
    ManyEvents: _events,
    ManyUsers: _users,
    Unusual: _unusual,
    Silent: _silence,
}
_CHECKS: Final[dict[type[Trigger], _Checks]] = {
    Becomes: (_enabled, _app, _environment, _fact, _back_off, _filter),
    Silent: (_enabled, _app, _silence, _back_off),
    **{
        kind: (_enabled, _app, _environment, _back_off, _OF_TRIGGER[kind], _filter)
        for kind in (Occurs, ManyEvents, ManyUsers, Unusual)
    },
}
