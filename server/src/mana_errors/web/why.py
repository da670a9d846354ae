"""Why a rule would fire for an issue now, or why not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest, NotFound
from mana_errors.model.decision import Explanation, Step
from mana_errors.model.query import parse_query
from mana_errors.model.reading import Issue
from mana_errors.model.rule import Rule, StoredRule
from mana_errors.store import read_issues, rules
from mana_errors.store.db import Connection
from mana_errors.triage.explain import explain
from mana_errors.web.issue import id_of
from mana_errors.web.rule_words import describe, span_of
from mana_errors.web.visit import Visit

# Numbers of minutes, which are said in the largest unit that fits.
_MINUTES: Final = ("minutes", "minutesAgo", "againAfterMinutes")
_LISTS: Final = ("apps", "environments")


class WhyQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By which rule; null: the first that is about the issue's app."""

    rule: UUID | None = None


async def show(visit: Visit) -> Response:
    """The checks of one rule, and the other rules to choose from. Raises NotFound."""
    query = parse_query(WhyQuery, visit.asked)
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        issue = await read_issues.find_issue(connection, id_of(visit), seen)
        known = await rules.listed(connection, seen)
        chosen = _chosen(known, query.rule, issue.app)
        found = None if chosen is None else await _explained(connection, chosen, issue)
    values = {
        "issue": issue,
        "rules": known,
        "chosen": chosen,
        "described": describe(chosen.rule, visit.language, {}) if chosen else None,
        "found": found,
        "steps": [(step, _say(step, chosen.rule, visit)) for step in found.steps]
        if found and chosen
        else [],
    }
    return visit.page("why.html", values)


def _chosen(known: Sequence[StoredRule], wanted: UUID | None, app: str) -> StoredRule | None:
    """The rule that is asked for, else the first that is on and about the app, else any."""
    if wanted is not None:
        found = next((stored for stored in known if stored.id == wanted), None)
        if found is None:
            raise NotFound(f"there is no rule {wanted}")
        return found
    about = [s for s in known if s.rule.enabled and (s.rule.apps is None or app in s.rule.apps)]
    return next(iter([*about, *known]), None)


async def _explained(
    connection: Connection, stored: StoredRule, issue: Issue
) -> Explanation | None:
    """None for a rule that cannot be applied: the page says why."""
    try:
        return await explain(connection, stored, issue, datetime.now(UTC))
    except BadRequest:
        return None


def _say(step: Step, rule: Rule, visit: Visit) -> str:
    """A check in a sentence."""
    numbers = {name: _number(name, value, visit) for name, value in step.numbers.items()}
    words = visit.words
    if step.holds is None:
        return words["check_unknown"]
    name = f"check_{step.check}_{'yes' if step.holds else 'no'}"
    return words[_variant(name, step, rule)].format(**numbers)


def _variant(name: str, step: Step, rule: Rule) -> str:
    """Some checks have more than one way to hold or not."""
    numbers = step.numbers
    ago, again = numbers.get("minutesAgo"), numbers.get("againAfterMinutes", 0)
    variants = {
        "check_app_yes": (rule.apps is None, "check_any_app"),
        "check_environment_yes": (rule.environments is None, "check_any_environment"),
        "check_filter_yes": (not rule.filter, "check_no_filter"),
        "check_events_yes": ("events" not in numbers, "check_each_event"),
        "check_backOff_yes": (ago is None, "check_never_fired"),
        # only a rule about silence is quiet for longer
        "check_backOff_no": (ago is not None and ago >= again, "check_same_silence"),
        "check_silence_no": ("minutes" not in numbers, "check_never_reported"),
    }
    is_other, other = variants.get(name, (False, ""))
    return other if is_other else name


def _number(name: str, value: Any, visit: Visit) -> str:
    if name in _MINUTES:
        return span_of(value, visit.language) if value else visit.words["less_than_minute"]
    if name == "fact":
        return visit.words[f"fact_{value}"]
    if name == "facts":
        return visit.words["or"].join(visit.words[f"fact_{fact}"] for fact in value)
    if name in _LISTS:
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
