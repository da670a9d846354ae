"""Whether a rule fires, in each direction and while something is not known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from mana_errors.model.decision import Check, Step
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
from mana_errors.triage.decide import Facts, Usual, decide, steps
from mana_errors.triage.words import words_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KNOWN = Facts(NOW, "chat", ("production",), last_fired=False, found=True)


def decided(trigger: Trigger, rule: dict[str, Any] | None = None, **facts: Any) -> Step:
    made = Rule(name="r", trigger=trigger, **(rule or {}))
    return decide(made, msgspec.structs.replace(KNOWN, **facts))


@pytest.mark.parametrize(
    ("rule", "facts", "check"),
    [
        ({"enabled": False}, {}, Check.ENABLED),
        ({"apps": ("shop",)}, {}, Check.APP),
        ({"environments": ("staging",)}, {}, Check.ENVIRONMENT),
        ({}, {"fact": Fact.REGRESSED}, Check.FACT),
        ({}, {"fact": None}, Check.FACT),
        ({}, {"last_fired": NOW - 59 * MINUTE}, Check.BACK_OFF),
        ({"filter": "broke"}, {"found": False}, Check.FILTER),
    ],
)
def test_the_first_check_that_does_not_hold_is_the_reason(
    rule: dict[str, Any], facts: dict[str, Any], check: Check
) -> None:
    step = decided(Becomes((Fact.NEW,)), rule, **{"fact": Fact.NEW, **facts})
    assert (step.check, step.holds) == (check, False)


def test_it_fires_by_its_trigger() -> None:
    step = decided(Becomes((Fact.NEW,)), fact=Fact.NEW, details={"release": "1.2"})
    assert step == Step(Check.FACT, holds=True, numbers={"fact": Fact.NEW, "release": "1.2"})
    assert decided(Occurs()).holds
    assert decided(Occurs(), last_fired=NOW - 60 * MINUTE).holds


@pytest.mark.parametrize(
    ("trigger", "rule", "facts", "check"),
    [
        (Occurs(), {}, {"last_fired": None}, Check.BACK_OFF),
        (Occurs(), {"filter": "x"}, {"found": None}, Check.FILTER),
        (ManyEvents(events=2, minutes=1), {}, {}, Check.EVENTS),
        (ManyUsers(users=2, minutes=1), {}, {}, Check.USERS),
        (Unusual(times=2.0), {}, {}, Check.UNUSUAL),
        (Silent(minutes=5), {}, {}, Check.SILENCE),
    ],
)
def test_what_is_not_looked_up_leaves_it_open(
    trigger: Trigger, rule: dict[str, Any], facts: dict[str, Any], check: Check
) -> None:
    """But never hides that it does not fire."""
    step = decided(trigger, rule, **facts)
    assert (step.check, step.holds) == (check, None)
    assert decided(trigger, {**rule, "apps": ("shop",)}, **facts).holds is False


@pytest.mark.parametrize(("peak", "fires"), [(99, False), (100, True), (101, True)])
def test_numbers_are_reached(peak: int, *, fires: bool) -> None:
    assert decided(ManyEvents(events=100, minutes=5), peak=peak).holds is fires
    assert decided(ManyUsers(users=100, minutes=5), peak=peak).holds is fires


@pytest.mark.parametrize(
    ("usual", "fires"),
    [
        (Usual(20, 10.0, 3), False),
        (Usual(21, 10.0, 3), True),
        (Usual(21, 10.0, 2), False),
        (Usual(9, 0.0, 14), False),
        (Usual(10, 0.0, 14), True),
    ],
)
def test_unusual_needs_more_than_so_many_times_and_days_to_compare(
    usual: Usual, *, fires: bool
) -> None:
    assert decided(Unusual(times=2.0, least=10), usual=usual).holds is fires


def test_silence_is_told_once() -> None:
    silent = Silent(minutes=10)
    now = {"again_after_minutes": 0}
    assert decided(silent, now, last_received=NOW - 9 * MINUTE).holds is False
    last = NOW - 10 * MINUTE
    assert decided(silent, now, last_received=last).holds
    assert decided(silent, now, last_received=last, last_fired=NOW - MINUTE).holds is False
    assert decided(silent, now, last_received=last, last_fired=NOW - 11 * MINUTE).holds
    never = decided(silent, now, last_received=False)
    assert (never.check, never.holds) == (Check.SILENCE, False)


def test_every_step_has_words() -> None:
    for trigger in (
        Becomes((Fact.NEW,)), Occurs(), ManyEvents(events=1, minutes=1), Silent(minutes=5),
        ManyUsers(users=1, minutes=1), Unusual(times=2.0),
    ):  # fmt: skip
        rule = Rule(name="r", trigger=trigger, filter="x", apps=("a",), environments=("b",))
        for enabled in (True, False):
            made = msgspec.structs.replace(rule, enabled=enabled)
            for fired in (None, False, NOW, NOW - 90 * MINUTE):
                for received in (None, False, NOW - 6 * MINUTE):
                    facts = msgspec.structs.replace(
                        KNOWN, last_fired=fired, last_received=received, peak=0,
                        usual=Usual(1, 2.0, 3), found=bool(fired),
                    )  # fmt: skip
                    assert all(words_of(step) for step in steps(made, facts))
