"""Tree -> query. parse_search reads it back as the same tree."""

import re
from datetime import datetime
from typing import Final

from mana_errors.model.search.tree import (
    Ago,
    AllOf,
    AnyOf,
    Day,
    Match,
    Not,
    Pattern,
    Search,
    Text,
    Value,
)

# Needs no quotes anywhere: neither syntax nor mistaken for a field, an operator or a keyword.
_PLAIN: Final = re.compile(r'[^\s()"*:!<>\\]+')
_KEYWORDS: Final = frozenset({"AND", "OR"})


def write_search(search: Search) -> str:
    """The query that says this, as short as it goes."""
    if isinstance(search, AllOf):
        return " ".join(_within(part, AnyOf) for part in search.parts)
    if isinstance(search, AnyOf):
        return " OR ".join(write_search(part) for part in search.parts)
    if isinstance(search, Not):
        return f"!{_within(search.part, AllOf, AnyOf)}"
    if isinstance(search, Text):
        return _pattern(search.pattern)
    if isinstance(search, Match):
        return f"{search.field}:{_pattern(search.pattern)}"
    return f"{search.field}:{search.operator}{_value(search.value)}"


def _within(part: Search, *looser: type[AllOf | AnyOf]) -> str:
    return f"({write_search(part)})" if isinstance(part, looser) else write_search(part)


def _pattern(pattern: Pattern) -> str:
    return "*".join(map(_piece, pattern.pieces)) if pattern.pieces != ("",) else '""'


def _piece(text: str) -> str:
    if not text or (_PLAIN.fullmatch(text) and text not in _KEYWORDS):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _value(value: Value) -> str:
    if isinstance(value, Day):
        return value.date.isoformat()
    if isinstance(value, Ago):
        return f"-{value.amount}{value.unit}"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
