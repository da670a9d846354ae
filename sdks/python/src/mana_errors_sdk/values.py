"""Any object -> bounded JSON, so that nothing of the program is kept alive or changed later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any, Callable, Dict, Final, cast

JsonObject = Dict[str, Any]

# Sentry's depth for what an event carries; deeper is seldom read.
MAX_DEPTH: Final = 5
# Entries of an object or array: more is data, not a description of what went wrong.
MAX_ENTRIES: Final = 50
# Characters of a text, as long as the contract's longest message.
MAX_TEXT: Final = 5_000
MAX_KEY: Final = 200
MARK: Final = "…"
# 64 bits: the server makes text of larger numbers.
_LARGEST: Final = 2**63 - 1


def plain(value: object, depth: int = MAX_DEPTH) -> Any:
    """A copy of a value in JSON's types; other objects become their str(). Never raises."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, (int, float)):
        return _plain_number(value)
    if isinstance(value, Mapping):
        return _safely(plain_object, cast("Mapping[Any, object]", value), depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _safely(_plain_list, cast("Iterable[object]", value), depth)
    return cut(text_of(value))


def _plain_number(value: float) -> Any:
    if isinstance(value, int):
        return int(value) if -_LARGEST <= value <= _LARGEST else cut(text_of(value))
    # JSON has no NaN and no Infinity
    return float(value) if -inf < value < inf else text_of(value)


def plain_object(value: Mapping[Any, object], depth: int = MAX_DEPTH) -> Any:
    """A mapping as an object of at most MAX_ENTRIES entries."""
    if depth == 0:
        return MARK
    kept: JsonObject = {}
    # a copy: another thread may change it meanwhile
    for key, item in list(value.items()):
        if len(kept) == MAX_ENTRIES:
            kept[MARK] = f"{len(value) - MAX_ENTRIES} more"
            break
        kept[cut(text_of(key), MAX_KEY)] = plain(item, depth - 1)
    return kept


def _plain_list(value: Iterable[object], depth: int) -> Any:
    if depth == 0:
        return MARK
    items = list(value)
    kept = [plain(item, depth - 1) for item in items[:MAX_ENTRIES]]
    if len(items) > MAX_ENTRIES:
        kept.append(f"{MARK} {len(items) - MAX_ENTRIES} more")
    return kept


def _safely(convert: Callable[[Any, int], Any], value: object, depth: int) -> Any:
    try:
        return convert(value, depth)
    except Exception:  # noqa: BLE001 - a stranger's mapping may raise anything; its type is told
        return f"<{type(value).__name__}>"


def text_of(value: object) -> str:
    """str(value); the type's name where that fails."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        return f"<{type(value).__name__}: str() failed>"


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """At most `limit` characters, and a plain str whatever subclass it was."""
    if len(text) > limit:
        return text[: limit - 1] + MARK
    return text if type(text) is str else str.__str__(text)
