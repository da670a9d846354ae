"""A rule in words, for the list and above its form. Pure."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from mana_errors.alerts.words import LANGUAGES as SPANS
from mana_errors.alerts.words import counted, span
from mana_errors.model.rule import (
    Becomes,
    ManyEvents,
    ManyUsers,
    Occurs,
    QuietHours,
    Rule,
    Silent,
    Trigger,
    Unusual,
)
from mana_errors.web.words import LANGUAGES


class Described(NamedTuple):
    """What a rule does."""

    when: str
    where: str
    filter: str
    # names of channels; of one that was deleted nothing is said
    to: list[str]
    # how often, and when not
    pace: list[str]


def describe(rule: Rule, language: str, channels: Mapping[UUID, str]) -> Described:
    """A rule in words of a language."""
    words = LANGUAGES[language]
    pace = [
        words["rule_again"].format(span_of(rule.again_after_minutes, language))
        if rule.again_after_minutes
        else words["rule_each_time"]
    ]
    if rule.digest_minutes:
        pace.append(words["rule_digest"].format(span_of(rule.digest_minutes, language)))
    if rule.quiet is not None:
        pace.append(_quiet(rule.quiet, words))
    when = _when(rule.trigger, language)
    where = [", ".join(rule.environments or ()), ", ".join(rule.apps or ())]
    return Described(
        when=when[:1].upper() + when[1:],
        where=words["rule_in"].format(" · ".join(filter(None, where))) if any(where) else "",
        filter=rule.filter,
        to=[channels[one] for one in rule.channels if one in channels],
        pace=pace,
    )


def span_of(minutes: int, language: str) -> str:
    """A while: 90 minutes, 2 hours."""
    return span(minutes, SPANS[language])


def _when(trigger: Trigger, language: str) -> str:
    words, spans = LANGUAGES[language], SPANS[language]
    match trigger:
        case Becomes(facts=facts):
            return words["or"].join(words[f"fact_{fact}"] for fact in facts)
        case Occurs():
            return words["when_occurs"]
        case ManyEvents(events=events, minutes=minutes):
            many = counted(events, "event", spans)
            return words["when_many"].format(many, span(minutes, spans))
        case ManyUsers(users=users, minutes=minutes):
            many = counted(users, "user", spans)
            return words["when_many"].format(many, span(minutes, spans))
        case Unusual(times=times, least=least):
            return words["when_unusual"].format(f"{times:g}", counted(least, "event", spans))
        case Silent(minutes=minutes):
            return words["when_silent"].format(span(minutes, spans))


def _quiet(quiet: QuietHours, words: Mapping[str, str]) -> str:
    said = words["rule_quiet"].format(quiet.start, quiet.end, quiet.zone)
    if quiet.unless is None:
        return said
    return said + words["rule_unless"].format(words[f"severity_{quiet.unless}"])
