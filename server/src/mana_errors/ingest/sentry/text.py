"""Messages and fingerprints of Sentry's events."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final, cast

import msgspec

from mana_errors.ingest.sentry.coerce import as_list, as_object, as_text, without_empty
from mana_errors.model.event import JsonObject

MAX_PARAMS: Final = 100
# Of a fingerprint; the contract's.
MAX_FINGERPRINT: Final = 256
_KEPT: Final = 200
_DEFAULTS: Final = frozenset({"{{ default }}", "{{default}}"})
# %s, %(name)s, %5.2f, %%; widths are cut, since "%999999999d" would fill the memory.
_PERCENT: Final = re.compile(r"%(?:\((\w+)\))?[-+ #0]{0,5}\d{0,4}(?:\.\d{0,4})?([a-zA-Z%])")
_BRACES: Final = re.compile(r"\{(\w*)(?:![rsa])?(?::[^{}]{0,20})?\}")


def message_of(event: JsonObject) -> tuple[str | None, JsonObject]:
    """The formatted message, and its template with parameters for the payload."""
    said: Any = (
        event.get("logentry") or event.get("sentry.interfaces.Message") or event.get("message")
    )
    if not isinstance(said, dict):
        return as_text(said), {}
    entry = as_object(said)
    template = as_text(entry.get("message"))
    params: Any = entry.get("params")
    beside: Any = event.get("message")
    beside = None if beside is said else as_text(beside)
    formatted = as_text(entry.get("formatted"))
    if formatted is None and "sentry.interfaces.Message" in event:
        # raven's parameters are repr()-ed already: put in, they would read wrong
        formatted = beside
    if formatted is None and template is not None:
        formatted = _format(template, params)
    formatted = formatted or beside
    kept: Any = as_object(params) or as_list(params)[:MAX_PARAMS]
    # Without parameters the template is the message.
    if not kept and template in {formatted, None}:
        return formatted, {}
    return formatted, without_empty({"template": template, "params": kept})


def _format(template: str, params: Any) -> str:
    """The template with its parameters put in, as far as that makes sense."""
    named = cast("JsonObject", params) if isinstance(params, dict) else {}
    values = iter(as_list(params)[:MAX_PARAMS]) if not named else iter(())
    if not named and not isinstance(params, list):
        return template
    if _PERCENT.search(template):
        return _PERCENT.sub(lambda match: _percent(match, named, values), template)
    return _BRACES.sub(lambda match: _brace(match, named, values), template)


def _percent(match: re.Match[str], named: JsonObject, values: Iterator[Any]) -> str:
    if match[2] == "%":
        return "%"
    return _value(match[0], match[1], named, values)


def _brace(match: re.Match[str], named: JsonObject, values: Iterator[Any]) -> str:
    return _value(match[0], None if match[1].isdecimal() else match[1] or None, named, values)


def _value(unknown: str, name: str | None, named: JsonObject, values: Iterator[Any]) -> str:
    """A parameter as text; what is not there stays as it stands in the template."""
    if name is not None:
        return (as_text(named[name]) or "") if name in named else unknown
    try:
        return as_text(next(values)) or ""
    except StopIteration:
        return unknown


def fingerprint_of(event: JsonObject) -> str | None:
    """The client's own grouping; None where it leaves it to us.

    One part stands for itself, several as their JSON list, so that ["a", "bc"] and ["ab", "c"]
    differ.
    """
    said: Any = event.get("fingerprint") or event.get("checksum")
    parts = [said] if isinstance(said, str | int) else as_list(said)
    texts = [text for part in parts if (text := as_text(part)) is not None]
    if not texts or (len(texts) == 1 and texts[0].strip() in _DEFAULTS):
        return None
    text = texts[0] if len(texts) == 1 else msgspec.json.encode(texts).decode()
    if len(text) <= MAX_FINGERPRINT:
        return text
    return f"{text[:_KEPT]}…{sha256(text.encode()).hexdigest()[:32]}"
