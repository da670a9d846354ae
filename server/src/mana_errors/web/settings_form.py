"""An app's settings as a form: what it shows, and what it says."""

import re
from typing import Any, Final

from mana_errors.model.app import App
from mana_errors.model.event import JsonObject
from mana_errors.web.forms import Form

# Fields by their JSON names, and their words.
NUMBERS: Final = {
    "ratePerSecond": "rate_per_second",
    "rateBurst": "rate_burst",
    "keyRatePerSecond": "key_rate_per_second",
    "keyRateBurst": "key_rate_burst",
    "sampleAfter": "sample_after",
    "eventsPerHour": "events_per_hour",
    "eventsPerDay": "events_per_day",
    "eventsPerMonth": "events_per_month",
    "maxBytes": "max_bytes",
    "retentionDays": "retention",
}
PATTERNS: Final = {
    "messages": "messages",
    "types": "types",
    "paths": "paths",
    "releases": "releases",
    "userAgents": "user_agents",
    "environments": "environments",
    "addresses": "addresses",
}
SCRUBBED: Final = {"secretNames": "secret_names", "safeNames": "safe_names"}
_HIDDEN: Final = ("hideEmails", "hideAddresses")
_SWITCHES: Final = ("crawlers", "legacyBrowsers", "extensions")
# Where a field stands in what msgspec complains about.
_PLACE: Final = re.compile(r"`\$\.(?:settings\.)?(?:filters\.)?(\w+)")


def stored(app: App, settings: JsonObject) -> dict[str, Any]:
    """The form's fields as they are stored; `settings` with their JSON names."""
    own = {name: value for name, value in settings.items() if name != "filters"}
    return {
        "name": app.name,
        "platform": app.platform,
        **own,
        **settings["filters"],
        # None: as the server does
        "sampleAfter": "" if own["sampleAfter"] is None else own["sampleAfter"],
    }


def sent(form: Form) -> dict[str, Any]:
    """The same as they were sent, right or wrong."""
    return {
        "name": form.text("name"),
        "platform": form.text("platform"),
        "requireKey": form.ticked("requireKey"),
        "allowedOrigins": form.lines("allowedOrigins"),
        **{name: form.lines(name) for name in SCRUBBED},
        **{name: form.ticked(name) for name in _HIDDEN},
        **{name: form.text(name) for name in NUMBERS},
        **{name: form.lines(name) for name in PATTERNS},
        **{name: form.ticked(name) for name in _SWITCHES},
    }


def change_of(form: Form) -> JsonObject:
    """What the form says, as AppChange has it; its values are still to be checked."""
    values = sent(form)
    filters = {name: values[name] for name in (*PATTERNS, *_SWITCHES)}
    numbers = {name: _number(name, values[name]) for name in NUMBERS}
    settings = {
        "requireKey": values["requireKey"],
        "allowedOrigins": values["allowedOrigins"],
        **numbers,
        **{name: values[name] for name in (*SCRUBBED, *_HIDDEN)},
        "filters": filters,
    }
    return {"name": values["name"], "platform": values["platform"], "settings": settings}


def _number(name: str, text: str) -> int | str | None:
    """Empty is no limit; for sampling, what the server does. What is no number stays text."""
    if not text:
        return None if name == "sampleAfter" else 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else text  # noqa: PLR2004 longer than any


def wrong_field(complaint: str) -> str:
    """The field that a complaint is about; "" for the form as a whole."""
    place = _PLACE.search(complaint)
    return place[1] if place else ""
