"""Event -> Event without secrets: by the names of fields, then by pattern in every string. Pure.

1. names.py decides which fields hold a secret; their values are replaced whole.
2. The event is encoded once, and one RE2 set search over the bytes says which patterns can occur
   at all; usually none, and that is the end of it.
3. Only what the set search points at is walked, with the patterns found (patterns.py, pairs.py).

Recursion is bounded by the depth that decoding allows, the rest of the work by effort.py: what an
event holds beyond that is hidden without a look.
"""

from typing import Any, Final

import msgspec

from mana_errors.ingest.scrub.effort import NAME, STRING, Effort, TooMuch
from mana_errors.ingest.scrub.marker import MARKER
from mana_errors.ingest.scrub.names import VERDICTS
from mana_errors.ingest.scrub.patterns import Cleaner, possible_cleaners
from mana_errors.model.event import Event, JsonObject

__all__ = ["MARKER", "scrub"]

_OBJECT_FIELDS: Final = (
    "request_headers",
    "request_body",
    "context",
    "browser_info",
    "device_info",
    "notes",
)
# Every other field that holds a stranger's text. app_id routes the event and stays as it is.
_TEXT_FIELDS: Final = (
    "error_code",
    "error_type",
    "message",
    "stack_trace",
    "service_name",
    "user_id",
    "session_id",
    "request_url",
    "request_method",
    "client_fingerprint",
    "user_agent",
    "release",
)
# A card number has 13 to 19 digits: smaller integers cannot be one.
_LEAST_CARD: Final = 10**12

_encode: Final = msgspec.json.Encoder().encode


def scrub(event: Event) -> Event:
    """The event with MARKER in the place of every secret; the same object where there is none.

    Strings must be encodable as UTF-8. Idempotent.
    """
    effort = Effort()
    named = _scrub_named_fields(event, effort)
    if not possible_cleaners(_encode(named)):
        return named
    return _scrub_patterns(named, effort)


def _scrub_named_fields(event: Event, effort: Effort) -> Event:
    changes: dict[str, JsonObject] = {}
    for field in _OBJECT_FIELDS:
        value: JsonObject | None = getattr(event, field)
        if not value:
            continue
        try:
            clean = _scrub_names(value, effort)
        except TooMuch:
            clean = {MARKER: MARKER}
        if clean is not value:
            changes[field] = clean
    return msgspec.structs.replace(event, **changes) if changes else event


def _scrub_names(value: JsonObject, effort: Effort) -> JsonObject:
    effort.spend(NAME * len(value))
    changed: JsonObject | None = None
    for key, item in value.items():
        kind: object = type(item)  # pyright: ignore[reportUnknownVariableType] - of strange JSON
        if VERDICTS[key]:
            clean = _hide(item)
        elif kind is dict:
            clean = _scrub_names(item, effort)
        elif kind is list:
            clean = _scrub_names_in_list(item, effort)
        else:
            continue
        if clean is not item:
            changed = value.copy() if changed is None else changed
            changed[key] = clean
    return value if changed is None else changed


def _scrub_names_in_list(items: list[Any], effort: Effort) -> list[Any]:
    changed: list[Any] | None = None
    for index, item in enumerate(items):
        kind: object = type(item)  # pyright: ignore[reportUnknownVariableType] - of strange JSON
        if kind is dict:
            clean = _scrub_names(item, effort)
        elif kind is list:
            clean = _scrub_names_in_list(item, effort)
        else:
            continue
        if clean is not item:
            changed = items.copy() if changed is None else changed
            changed[index] = clean
    return items if changed is None else changed


def _hide(item: Any) -> Any:
    # None, booleans and "" give nothing away, and say much to whoever debugs a login.
    if item is None or item is True or item is False or item in ("", MARKER):
        return item
    return MARKER


def _scrub_patterns(event: Event, effort: Effort) -> Event:
    changes: dict[str, Any] = {}
    for field in _TEXT_FIELDS + _OBJECT_FIELDS:
        value: Any = getattr(event, field)
        if value and (cleaners := possible_cleaners(_encode(value))):
            clean = _clean(value, cleaners, effort)
            if clean != value:
                changes[field] = clean
    if not changes:
        return event
    # Once more by name: without the secret in it, a key may read as a secret name.
    return _scrub_named_fields(msgspec.structs.replace(event, **changes), Effort())


def _clean(value: Any, cleaners: tuple[Cleaner, ...], effort: Effort) -> Any:
    kind: object = type(value)  # pyright: ignore[reportUnknownVariableType] - of strange JSON
    if kind is str:
        return _clean_text(value, cleaners, effort)
    if kind is dict:
        return {
            _clean_text(key, cleaners, effort): _clean(item, cleaners, effort)
            for key, item in value.items()
        }
    if kind is list:
        return [_clean(item, cleaners, effort) for item in value]
    if kind is int and value >= _LEAST_CARD:
        return MARKER if _clean_text(str(value), cleaners, effort) == MARKER else value
    return value


def _clean_text(text: str, cleaners: tuple[Cleaner, ...], effort: Effort) -> str:
    clean = before = text.encode()
    try:
        effort.spend(STRING)
        for cleaner in cleaners:
            clean = cleaner(clean, effort)
    except TooMuch:
        return MARKER
    return text if clean == before else clean.decode()
