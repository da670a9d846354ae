"""Report -> report without secrets, before it leaves the program. Pure.

1. names.py decides which fields hold a secret; their values are replaced whole (fields.py).
2. All other texts are looked at once, together; usually nothing in them looks like a secret, and
   that is the end of it. Else what was found is replaced, text by text (patterns.py, pairs.py).
3. What was hidden in one place is looked for in all others: a password of a form also stands in a
   frame's variables, a breadcrumb or the message. The server could not find it there any more.

The server scrubs again, by the rules of the app. Both pass protocol/scrub.json.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Final, List, Tuple, cast

from mana_errors_sdk.scrub.fields import scrub_fields
from mana_errors_sdk.scrub.hidden import MARKER, Hidden
from mana_errors_sdk.scrub.patterns import Clean, possible_cleaners
from mana_errors_sdk.values import JsonObject

__all__ = ["MARKER", "scrub_report", "scrub_text"]

# They route the report, or are the SDK's own.
_KEPT: Final = frozenset({"id", "appId", "occurredAt", "severity", "sourceType"})
# A card number has 13 to 19 digits: smaller integers cannot be one.
_LEAST_CARD: Final = 10**12


def scrub_text(text: str) -> str:
    """One text by itself."""
    return _clean_text(text, possible_cleaners(text), Hidden())


def scrub_report(report: JsonObject) -> JsonObject:
    """The report with MARKER in the place of every secret. Idempotent."""
    hidden = Hidden()
    texts: List[str] = []
    report = _map_values(report, lambda value: scrub_fields(value, hidden, texts))
    cleaners = possible_cleaners("\n".join(texts))
    if cleaners:
        report = _map_texts(report, lambda text: _clean_text(text, cleaners, hidden))
        # Once more by name: without the secret in it, a key may read as a secret name.
        report = _map_values(report, lambda value: scrub_fields(value, hidden, []))
    if hidden.values:
        # The longest first: one may be part of another.
        found = sorted(hidden.values, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, found)))
        report = {
            name: value if name in _KEPT else _in_texts(value, _hide(pattern))
            for name, value in report.items()
        }
    return report


def _hide(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda text: pattern.sub(MARKER, text)


def _map_texts(report: JsonObject, change: Callable[[str], str]) -> JsonObject:
    return _map_values(report, lambda value: _in_texts(value, change))


def _map_values(report: JsonObject, change: Callable[[Any], Any]) -> JsonObject:
    """The report with `change` made to everything in it that is the program's: names of the
    report's own fields, of exceptions and frames are ours."""
    mapped: JsonObject = {}
    for name, value in report.items():
        if name in _KEPT:
            mapped[name] = value
        elif name == "payload" and isinstance(value, dict):
            payload = cast("JsonObject", value)
            mapped[name] = {part: _map_part(part, item, change) for part, item in payload.items()}
        else:
            mapped[name] = change(value)
    return mapped


def _map_part(name: str, value: Any, change: Callable[[Any], Any]) -> Any:
    if name == "exceptions" and isinstance(value, list):
        return [_map_exception(item, change) for item in cast("List[Any]", value)]
    return change(value)


def _map_exception(exception: Any, change: Callable[[Any], Any]) -> Any:
    """Of a frame only its variables are data; its source was scrubbed when it was read."""
    if not isinstance(exception, dict):
        return change(exception)
    known = cast("JsonObject", exception)
    frames: List[JsonObject] = known.get("frames") or []
    return {
        **known,
        "value": change(known.get("value")),
        "frames": [
            {**frame, "vars": change(frame["vars"])} if "vars" in frame else frame
            for frame in frames
        ],
    }


def _clean_text(text: str, cleaners: Tuple[Clean, ...], hidden: Hidden) -> str:
    for cleaner in cleaners:
        text = cleaner(text, hidden)
    return text


def _in_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        items = cast("JsonObject", value).items()
        return {change(key): _in_texts(item, change) for key, item in items}
    if isinstance(value, list):
        return [_in_texts(item, change) for item in cast("List[Any]", value)]
    if type(value) is int and value >= _LEAST_CARD:
        return MARKER if change(str(value)) == MARKER else value
    return value
