"""A rule as a form: what it shows, and what it says. Each kind of trigger has fields of its own;
those of the others are sent too and say nothing."""

import re
from typing import Any, Final

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.model.event import JsonObject
from mana_errors.model.rule import Becomes, Fact, QuietHours, Rule, Trigger
from mana_errors.model.search import Subject, parse_search
from mana_errors.web.forms import Form

# Kind of trigger -> its fields: name in the model -> name in the form.
NUMBERS: Final = {
    "events": {"events": "events", "minutes": "events_minutes"},
    "users": {"users": "users", "minutes": "users_minutes"},
    "unusual": {"times": "times", "least": "least"},
    "silent": {"minutes": "silent_minutes"},
}
KINDS: Final = ("becomes", "occurs", *NUMBERS)
_QUIET: Final = ("start", "end", "zone", "unless")
# Minutes to choose from; a rule that has others keeps them.
AGAIN: Final = (0, 15, 60, 240, 1440, 10080)
DIGEST: Final = (0, 5, 15, 60, 240, 1440)
# What numbers say before somebody says otherwise.
_FRESH: Final[dict[str, Any]] = {
    "events": "100",
    "events_minutes": "5",
    "users": "10",
    "users_minutes": "60",
    "times": "3",
    "least": "10",
    "silent_minutes": "30",
    "start": "22:00",
    "end": "07:00",
    "zone": "UTC",
    "unless": "critical",
}
FRESH_RULE: Final = Rule(name="", trigger=Becomes((Fact.NEW, Fact.REGRESSED)))
# Where a field stands in what msgspec complains about, and at the head of what the store does.
_PLACE: Final = re.compile(r"`\$\.([\w.]+)|^([\w.]+)[:,]")
_MAX_DIGITS: Final = 20


def stored(rule: Rule) -> dict[str, Any]:
    """The form's fields as a rule has them."""
    values = {
        **_FRESH,
        "name": rule.name,
        "facts": (),
        "apps": rule.apps or (),
        "environments": ", ".join(rule.environments or ()),
        "filter": rule.filter,
        "channels": tuple(map(str, rule.channels)),
        "again": str(rule.again_after_minutes),
        "digest": str(rule.digest_minutes),
        "quiet": rule.quiet is not None,
        "enabled": rule.enabled,
    }
    return values | _trigger(rule.trigger) | _quiet(rule.quiet)


def _trigger(trigger: Trigger) -> dict[str, Any]:
    given: JsonObject = msgspec.to_builtins(trigger)
    kind = given.pop("kind")
    if isinstance(trigger, Becomes):
        return {"kind": kind, **given}
    return {"kind": kind, **{NUMBERS[kind][name]: f"{n:g}" for name, n in given.items()}}


def _quiet(quiet: QuietHours | None) -> dict[str, Any]:
    if quiet is None:
        return {}
    unless = quiet.unless or ""
    return {"start": quiet.start, "end": quiet.end, "zone": quiet.zone, "unless": unless}


def sent(form: Form) -> dict[str, Any]:
    """The same as they were sent, right or wrong."""
    plain = ("name", "kind", "environments", "filter", "again", "digest", *_QUIET)
    numbers = [field for fields in NUMBERS.values() for field in fields.values()]
    return {
        **{name: form.text(name) for name in (*plain, *numbers)},
        **{name: form.all(name) for name in ("facts", "apps", "channels")},
        **{name: form.ticked(name) for name in ("quiet", "enabled")},
    }


def rule_of(values: dict[str, Any]) -> Rule:
    """What the fields say. Raises BadRequest naming the model's field, SearchSyntax."""
    kind = values["kind"]
    numbers = {name: _number(values[field]) for name, field in NUMBERS.get(kind, {}).items()}
    quiet = {name: values[name] for name in _QUIET} | {"unless": values["unless"] or None}
    given = {
        "name": values["name"],
        "trigger": {"kind": kind, **({"facts": values["facts"]} if kind == "becomes" else numbers)},
        "apps": values["apps"] or None,
        "environments": tuple(_listed(values["environments"])) or None,
        "filter": values["filter"],
        "channels": values["channels"],
        "againAfterMinutes": _number(values["again"]),
        "digestMinutes": _number(values["digest"]),
        "quiet": quiet if values["quiet"] else None,
        "enabled": values["enabled"],
    }
    try:
        rule = msgspec.convert(given, Rule)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error
    parse_search(rule.filter, Subject.ISSUES)
    return rule


def _listed(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


def _number(text: str) -> float | str:
    """What is no number stays text, which the model refuses."""
    if len(text) > _MAX_DIGITS or not re.fullmatch(r"\d+([.,]\d+)?", text, re.ASCII):
        return text
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


def wrong_field(complaint: str, kind: str) -> str:
    """The form's field that a complaint is about; "" for the form as a whole."""
    place = _PLACE.search(complaint)
    *over, field = (place[1] or place[2]).split(".") if place else [""]
    if over == ["trigger"]:
        return "facts" if kind == "becomes" else NUMBERS.get(kind, {}).get(field, "")
    renamed = {"againAfterMinutes": "again", "digestMinutes": "digest", "trigger": "kind"}
    return renamed.get(field, field)


def choices(known: tuple[int, ...], chosen: str) -> list[int]:
    """Minutes to choose from, and those that are chosen."""
    own = {int(chosen)} if chosen.isascii() and chosen.isdigit() else set[int]()
    return sorted({*known, *own})
