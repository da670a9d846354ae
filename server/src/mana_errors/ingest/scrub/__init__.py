"""Event -> Event without secrets: by the names of fields, then by pattern in every string. Pure.

1. names.py decides which fields hold a secret; their values are replaced whole (fields.py).
   Apps have names of their own (rules.py), and clients' addresses go as well (addresses.py).
2. The event is encoded once, and one RE2 set search over the bytes says which patterns can occur
   at all; usually none, and that is the end of it.
3. Only what the set search points at is walked, with the patterns found (patterns.py, pairs.py).
4. What was hidden in one place is looked for in all others: a password of a form also stands in a
   frame's variables, a breadcrumb or the message.

Recursion is bounded by the depth that decoding allows, the rest of the work by effort.py: what an
event holds beyond that is hidden without a look.
"""

import re
from typing import Any, Final

import msgspec

from mana_errors.ingest.scrub.addresses import without_addresses, without_user_address
from mana_errors.ingest.scrub.effort import STRING, Effort, TooMuch
from mana_errors.ingest.scrub.fields import Fields
from mana_errors.ingest.scrub.marker import MARKER
from mana_errors.ingest.scrub.patterns import Cleaner, possible_cleaners, scrub_emails
from mana_errors.ingest.scrub.rules import DEFAULT_RULES, Rules, RuleSet
from mana_errors.model.event import Event, JsonObject

__all__ = ["MARKER", "RuleSet", "Rules", "scrub"]

_OBJECT_FIELDS: Final = (
    "request_headers",
    "request_body",
    "context",
    "browser_info",
    "device_info",
    "notes",
    "tags",
    "payload",
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
    "environment",
)
# A card number has 13 to 19 digits: smaller integers cannot be one.
_LEAST_CARD: Final = 10**12

_encode: Final = msgspec.json.Encoder().encode


def scrub(event: Event, rules: Rules = DEFAULT_RULES) -> Event:
    """The event with MARKER in the place of every secret; the same object where there is none.

    Strings must be encodable as UTF-8. Idempotent.
    """
    effort = Effort()
    event = _scrub_names(event, rules, effort)
    encoded = _encode(event)
    emails = (scrub_emails,) if rules.emails and b"@" in encoded else ()
    if emails or possible_cleaners(encoded):
        event = _scrub_patterns(event, rules, effort, emails)
    return _scrub_again(event, effort) if effort.hidden or effort.addresses else event


def _scrub_names(event: Event, rules: Rules, effort: Effort) -> Event:
    fields = Fields(rules.names, effort)
    changes: dict[str, JsonObject] = {}
    for field in _OBJECT_FIELDS:
        value: JsonObject | None = getattr(event, field)
        if not value:
            continue
        clean = fields.clean(value, is_payload=field == "payload")
        if rules.addresses:
            clean = _without_addresses(field, clean, effort)
        if clean is not value:
            changes[field] = clean
    return msgspec.structs.replace(event, **changes) if changes else event


def _without_addresses(field: str, value: JsonObject, effort: Effort) -> JsonObject:
    if field == "request_headers":
        return without_addresses(value, effort)
    return without_user_address(value, effort) if field == "payload" else value


def _scrub_patterns(
    event: Event, rules: Rules, effort: Effort, emails: tuple[Cleaner, ...]
) -> Event:
    changes: dict[str, Any] = {}
    for field in _TEXT_FIELDS + _OBJECT_FIELDS:
        value: Any = getattr(event, field)
        if value and (cleaners := (*possible_cleaners(_encode(value)), *emails)):
            clean = _clean(value, cleaners, effort)
            if clean != value:
                changes[field] = clean
    if not changes:
        return event
    # Once more by name: without the secret in it, a key may read as a secret name.
    return _scrub_names(msgspec.structs.replace(event, **changes), rules, Effort())


def _scrub_again(event: Event, effort: Effort) -> Event:
    """Hide what was hidden in one place wherever it stands."""
    changes: dict[str, Any] = {}
    encoded = _encode(event)
    found = [value for value in effort.hidden if _encode(value)[1:-1] in encoded]
    # The longest first: one may be part of another.
    found.sort(key=len, reverse=True)
    parts = [re.escape(value) for value in found]
    # 203.0.113.7 is no part of 203.0.113.70.
    parts += [
        rf"(?<![\w.:]){re.escape(address)}(?![\w:]*\w|\.\d)"
        for address in effort.addresses
        if address.encode() in encoded
    ]
    if not parts:
        return event
    pattern = re.compile("|".join(parts))
    for field in _TEXT_FIELDS + _OBJECT_FIELDS:
        value: Any = getattr(event, field)
        if value:
            clean = _replace(value, pattern)
            if clean != value:
                changes[field] = clean
    return msgspec.structs.replace(event, **changes) if changes else event


def _replace(value: Any, pattern: "re.Pattern[str]") -> Any:
    kind: object = type(value)  # pyright: ignore[reportUnknownVariableType] - of strange JSON
    if kind is str:
        return pattern.sub(MARKER, value)
    if kind is dict:
        return {pattern.sub(MARKER, key): _replace(item, pattern) for key, item in value.items()}
    if kind is list:
        return [_replace(item, pattern) for item in value]
    return value


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
