"""Checks in words, for the API. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from mana_errors.model.decision import Check, Step
from mana_errors.model.event import JsonObject


def words_of(step: Step) -> str:
    """One sentence without its full stop."""
    if step.holds is None:
        return f"{step.check}: not known"
    return _WORDS[step.check, step.holds](step.numbers)


def _many(numbers: JsonObject, what: str, *, enough: bool) -> str:
    if what not in numbers:
        return "each event counts"
    words = f"{numbers[what]} of {numbers['from']} {what} within {numbers['minutes']} minutes"
    return words if enough else f"too few {what}: {words}"


def _unusual(numbers: JsonObject) -> str:
    return (
        f"{numbers['events']} events this hour, usually {numbers['usual']:g} "
        f"by {numbers['days']} days"
    )


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


_WORDS: Final[dict[tuple[Check, bool], Callable[[JsonObject], str]]] = {
    (Check.ENABLED, True): lambda _: "the rule is on",
    (Check.ENABLED, False): lambda _: "the rule is off",
    (Check.APP, True): lambda _: "it is about this app",
    (Check.APP, False): lambda n: f"it is about other apps: {_listed(n['apps'])}",
    (Check.ENVIRONMENT, True): lambda _: "the environment is one of the rule's",
    (Check.ENVIRONMENT, False): lambda n: (
        f"no event is of these environments: {_listed(n['environments'])}"
    ),
    (Check.FACT, True): lambda n: f"the issue is {n['fact']}",
    (Check.FACT, False): lambda n: (
        f"the issue is {n['fact'] or 'as it was'}, not {_listed(n['facts'])}"
    ),
    (Check.BACK_OFF, True): lambda n: (
        f"it last fired {n['minutesAgo']} minutes ago" if "minutesAgo" in n else "it never fired"
    ),
    (Check.BACK_OFF, False): lambda n: (
        f"it fired {n['minutesAgo']} minutes ago, and fires again after {n['againAfterMinutes']}, "
        "but for one silence once"
        if n["minutesAgo"] >= n["againAfterMinutes"]
        else f"it fired {n['minutesAgo']} minutes ago, and fires again after "
        f"{n['againAfterMinutes']}"
    ),
    (Check.EVENTS, True): lambda n: _many(n, "events", enough=True),
    (Check.EVENTS, False): lambda n: _many(n, "events", enough=False),
    (Check.USERS, True): lambda n: _many(n, "users", enough=True),
    (Check.USERS, False): lambda n: _many(n, "users", enough=False),
    (Check.UNUSUAL, True): _unusual,
    (Check.UNUSUAL, False): lambda n: (
        f"{_unusual(n)}: more than {n['times']:g} times that, at least {n['from']} and 3 days "
        "are asked for"
    ),
    (Check.SILENCE, True): lambda n: f"no event for {n['minutes']} minutes",
    (Check.SILENCE, False): lambda n: (
        f"the latest event came {n['minutes']} minutes ago, {n['from']} are asked for"
        if "minutes" in n
        else "the app never reported"
    ),
    (Check.FILTER, True): lambda _: "the filter finds the issue",
    (Check.FILTER, False): lambda _: "the filter does not find the issue",
}
