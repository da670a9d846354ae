"""The pages' words, in English and German."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from mana_errors.model.event import Severity
from mana_errors.web.words import english, german

LANGUAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": english.WORDS,
    "de": german.WORDS,
}
SEVERITY_WORDS: Final = tuple(f"severity_{severity}" for severity in Severity)
# What scripts say.
SCRIPT_WORDS: Final = (
    "copied",
    "not_copied",
    "new_issues",
    "no_result",
    "events_at",
    # how long ago, as ago() says it
    "now",
    "minutes",
    "hours_ago",
    "yesterday",
    "days_ago",
    *SEVERITY_WORDS,
)
# Keys, and what they do.
SHORTCUTS: Final = (
    ("Ctrl K", "jump"),
    ("/", "key_search"),
    ("j k", "key_move"),
    ("Enter", "key_open"),
    ("x", "key_select"),
    ("e", "key_resolve"),
    ("i", "key_ignore"),
    ("a", "key_assign"),
    ("n p", "key_events"),
    ("g i", "key_go"),
    ("?", "key_help"),
)


def pick_language(accept_language: str) -> str:
    """The best of ours for an Accept-Language header (RFC 9110, 12.5.4); English else."""
    wishes: list[tuple[float, str]] = []
    for wish in accept_language.split(","):
        name, _, weight = wish.partition(";q=")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            wishes.append((_weight(weight), language))
    best = max(wishes, key=lambda wish: wish[0], default=(0.0, "en"))
    return best[1] if best[0] > 0 else "en"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def ago(time: datetime, now: datetime, words: Mapping[str, str]) -> str:
    """How long ago, in the largest unit that fits."""
    minutes = int((now - time).total_seconds() // 60)
    if minutes < 1:
        return words["now"]
    hours, days = minutes // 60, minutes // (60 * 24)
    if hours < 1:
        return words["minutes"].format(minutes)
    if days < 1:
        return words["hours_ago"].format(hours)
    return words["yesterday"] if days == 1 else words["days_ago"].format(days)
