"""What a stranger's JSON can be taken for. Never raises; what makes no sense is None or empty."""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from mana_errors.model.event import JsonObject

# Of one text before scrubbing: what is longer was never written by a person.
MAX_TEXT = 512 * 1024

_encode = msgspec.json.Encoder().encode


def as_object(value: Any) -> JsonObject:
    """An object, or an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A list; Sentry's interfaces may also wrap one in {"values": […]}, or be one object alone."""
    if isinstance(value, list):
        return cast("list[Any]", value)
    if isinstance(value, dict):
        said = cast("JsonObject", value)
        return as_list(said["values"]) if "values" in said else [value]
    return []


def objects(value: Any) -> list[JsonObject]:
    """The objects of such a list; other things in it are left out."""
    return [cast("JsonObject", item) for item in as_list(value) if isinstance(item, dict)]


def as_text(value: Any, limit: int = MAX_TEXT) -> str | None:
    """A text; numbers and booleans as Sentry writes them, objects as JSON; None when empty."""
    if isinstance(value, str):
        return value[:limit] or None
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        return str(value)[:limit]
    return _encode(value).decode("utf-8", "replace")[:limit]


def name_of(value: Any, limit: int) -> str | None:
    """A text of one line, without space around it."""
    if isinstance(value, str) and len(value) <= limit and value.isascii() and value.isalnum():
        return value
    text = as_text(value, limit + 1)
    text = " ".join(text.split()) if text else None
    return text[:limit] if text else None


def as_int(value: Any) -> int | None:
    """A whole number, also from its digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) < _MAX_DIGITS and value.isdecimal():
        return int(value)
    return None


_MAX_DIGITS = 18


def as_bool(value: Any) -> bool | None:
    """True or false, or neither."""
    return value if isinstance(value, bool) else None


def pairs(value: Any) -> Iterable[tuple[str, Any]]:
    """Name and value of an object, or of a list of pairs: headers, cookies, tags, queries."""
    if isinstance(value, dict):
        yield from cast("JsonObject", value).items()
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            if isinstance(item, list) and len(cast("list[Any]", item)) == 2:  # noqa: PLR2004 - a pair
                name, said = cast("list[Any]", item)
                if (text := as_text(name)) is not None:
                    yield text, said


def without_empty(values: JsonObject) -> JsonObject:
    """The object without what says nothing."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {}, ())}
