"""Reading what strangers sent as JSON: whatever is not of the wanted kind counts as not given."""

from typing import Any, Final

import msgspec

from mana_errors.model.event import JsonObject

# One value on a page; the whole is in the event's JSON.
MAX_VALUE: Final = 1_000
# Names and values of one table.
MAX_FACTS: Final = 60

Fact = tuple[str, str]


def text(value: JsonObject, name: str) -> str:
    """A field's text; empty where there is none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def number(value: JsonObject, name: str) -> int | None:
    """A field's whole number."""
    found = value.get(name)
    return found if type(found) is int else None


def mapping(value: JsonObject | None, name: str) -> JsonObject:
    """A field's object; empty where there is none."""
    found = (value or {}).get(name)
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def objects(value: JsonObject | None, name: str) -> list[JsonObject]:
    """The objects of a field's list."""
    return [item for item in items(value, name) if isinstance(item, dict)]


def items(value: JsonObject | None, name: str) -> list[Any]:
    """A field's list."""
    found = (value or {}).get(name)
    return found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType]


def shown(value: object, most: int = MAX_VALUE) -> str:
    """Any value as a person reads it: texts as they are, the rest as JSON; cut."""
    whole = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return whole if len(whole) <= most else f"{whole[:most]}…"


def facts(value: JsonObject | None, most: int = MAX_FACTS) -> list[Fact]:
    """An object's fields that say something, in their order."""
    said = [(name, held) for name, held in (value or {}).items() if held not in (None, "", [], {})]
    return [(shown(name, 200), shown(held)) for name, held in said[:most]]
