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
from typing import Any, Callable, Dict, Final, List, Tuple, cast

from mana_errors_sdk.scrub.fields import scrub_fields
from mana_errors_sdk.scrub.hidden import MARKER, Hidden
from mana_errors_sdk.scrub.patterns import Clean, possible_cleaners
from mana_errors_sdk.values import JsonObject

__all__ = ["MARKER", "scrub_report", "scrub_text"]

# They route the report, or are the SDK's own.
_KEPT: Final = frozenset({"id", "appId", "occurredAt", "severity", "sourceType"})


def scrub_text(text: str) -> str:
    """One text by itself."""
    return _clean_text(text, possible_cleaners(text), Hidden())


def scrub_report(report: JsonObject) -> JsonObject:
    """The report with MARKER in the place of every secret. Idempotent."""
    hidden = Hidden()
    texts: List[str] = []
    report = _map_values(report, lambda value: scrub_fields(value, hidden, texts))
    replaced = _replaced(texts, hidden)
    if not replaced:
        return report
    report = _map_values(report, lambda value: _in_texts(value, replaced))
    # Once more by name: without the secret in it, a key may read as a secret name.
    return _map_values(report, lambda value: scrub_fields(value, hidden, []))


def _replaced(texts: List[str], hidden: Hidden) -> Dict[str, str]:
    """What becomes of each text that has a secret in it."""
    joined = "\n".join(texts)
    different = set(texts)
    replaced: Dict[str, str] = {}
    if cleaners := possible_cleaners(joined):
        for text in different:
            clean = _clean_text(text, cleaners, hidden)
            if clean != text:
                replaced[text] = clean
    # The longest first: one may be part of another.
    found = sorted([value for value in hidden.values if value in joined], key=len, reverse=True)
    if found:
        pattern = re.compile("|".join(map(re.escape, found)))
        for text in different:
            before = replaced.get(text, text)
            clean = pattern.sub(MARKER, before)
            if clean != before:
                replaced[text] = clean
    return replaced


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
    if name == "breadcrumbs" and isinstance(value, list):
        return [_map_crumb(item, change) for item in cast("List[Any]", value)]
    return change(value)


def _map_crumb(crumb: Any, change: Callable[[Any], Any]) -> Any:
    """There may be a hundred, whose names and times are ours."""
    if not isinstance(crumb, dict):
        return change(crumb)
    known = cast("JsonObject", crumb)
    changed = {name: change(known[name]) for name in ("message", "data") if name in known}
    same = all(known[name] is item for name, item in changed.items())
    return known if same else {**known, **changed}


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


def _in_texts(value: Any, replaced: Dict[str, str]) -> Any:
    if isinstance(value, str):
        return replaced.get(value, value)
    if isinstance(value, dict):
        items = cast("JsonObject", value).items()
        return {replaced.get(key, key): _in_texts(item, replaced) for key, item in items}
    if isinstance(value, list):
        return [_in_texts(item, replaced) for item in cast("List[Any]", value)]
    if type(value) is int and replaced.get(str(value)) == MARKER:
        return MARKER
    return value
