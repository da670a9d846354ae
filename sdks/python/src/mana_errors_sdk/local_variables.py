"""Local variables of a frame as short texts. Opt-in: a repr() runs the program's own code."""

from __future__ import annotations

from collections import deque
from itertools import islice
from types import FrameType
from typing import Any, Dict, Final, Iterable, cast

from mana_errors_sdk.values import MARK, cut

Variables = Dict[str, str]

MAX_VARIABLES: Final = 50
# Characters of one variable.
MAX_REPR: Final = 200
# Entries of a container, and containers within.
MAX_ITEMS: Final = 10
MAX_LEVELS: Final = 3
_BRACKETS: Final = {list: "[]", tuple: "()", set: "{}", frozenset: "{}", deque: "[]"}
# Their repr() is short, or cut before it is made.
_SCALARS: Final = (bool, float, complex, type(None), type(Ellipsis))
_MAX_INT_BITS: Final = 512


def variables_of(frame: FrameType) -> Variables:
    """Name -> repr, for the first MAX_VARIABLES that are no dunders."""
    shown: Variables = {}
    for name, value in list(frame.f_locals.items()):
        if name.startswith("__"):
            continue
        if len(shown) == MAX_VARIABLES:
            break
        shown[name] = bounded_repr(value)
    return shown


def bounded_repr(value: object) -> str:
    """repr() of at most MAX_REPR characters, bounded in time for what Python itself provides."""
    try:
        return cut(_repr(value, MAX_LEVELS), MAX_REPR)
    except Exception:  # noqa: BLE001 - the program's __repr__ may raise anything
        return f"<{type(value).__name__}: repr() failed>"


def _repr(value: object, levels: int) -> str:
    if isinstance(value, (str, bytes, bytearray)):
        return repr(value) if len(value) <= MAX_REPR else repr(value[:MAX_REPR]) + MARK
    if isinstance(value, _SCALARS):
        return repr(value)
    if isinstance(value, int):
        # Python refuses to write integers of thousands of digits.
        return (
            repr(value)
            if value.bit_length() <= _MAX_INT_BITS
            else f"<int of {value.bit_length()} bits>"
        )
    if isinstance(value, dict):
        return _repr_dict(cast("Dict[Any, Any]", value), levels)
    for kind, brackets in _BRACKETS.items():
        if isinstance(value, kind):
            return _repr_items(cast("Iterable[Any]", value), brackets, levels)
    return _repr_object(value)


def _repr_dict(value: Dict[Any, Any], levels: int) -> str:
    if levels == 0:
        return f"{{{MARK}}}"
    pairs = [
        f"{_repr(key, levels - 1)}: {_repr(item, levels - 1)}"
        for key, item in islice(value.items(), MAX_ITEMS)
    ]
    return "{" + ", ".join(pairs) + _rest(len(value)) + "}"


def _repr_items(value: Any, brackets: str, levels: int) -> str:
    if levels == 0:
        return MARK.join(brackets)
    items = [_repr(item, levels - 1) for item in islice(value, MAX_ITEMS)]
    return brackets[0] + ", ".join(items) + _rest(len(value)) + brackets[1]


def _rest(length: int) -> str:
    return f", {MARK} {length - MAX_ITEMS} more" if length > MAX_ITEMS else ""


def _repr_object(value: object) -> str:
    kind = type(value)
    # What can be iterated may ask a database for its rows when it is shown, as Django's QuerySets
    # do, or be as large as an array.
    if kind.__repr__ is object.__repr__ or hasattr(kind, "__iter__"):
        return f"<{kind.__module__}.{kind.__qualname__} object>"
    return repr(value)
