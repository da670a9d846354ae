"""Any object becomes bounded JSON."""

import json
import math
from types import MappingProxyType

import pytest

from hostile import BrokenMapping, Mute
from mana_errors_sdk.values import MAX_ENTRIES, MAX_TEXT, plain


def test_json_stays_as_it_is():
    """Nothing is changed that JSON knows."""
    value = {"a": [1, 2.5, None, True, "x"], "b": {"c": {}}}
    assert plain(value) == value


def test_the_copy_is_deep():
    """What the program changes later is not in the report."""
    value = {"a": [1]}
    copy = plain(value)
    value["a"].append(2)
    assert copy == {"a": [1]}


@pytest.mark.parametrize(
    "value",
    [
        object(), Mute(), BrokenMapping(a=1), {Mute(): Mute()}, b"\xff", math.nan, math.inf, 10**400,
        {1: {2: {3: {4: {5: {6: {7: 8}}}}}}}, list(range(10**5)), "x" * 10**6, {"a", 1},
        MappingProxyType({"a": 1}), "\ud800\0", range(3), 1 + 2j, Ellipsis, ValueError("x"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_anything_becomes_small_json(value):
    """Strict JSON, whatever it was; never an exception."""
    encoded = json.dumps(plain(value), allow_nan=False)
    assert len(encoded) < 50_000


def test_what_is_left_out_is_counted():
    """Entries of objects and arrays; the ends of texts get a mark."""
    assert plain(list(range(MAX_ENTRIES + 7)))[-1] == "… 7 more"
    assert plain({str(n): n for n in range(MAX_ENTRIES + 7)})["…"] == "7 more"
    assert plain("x" * (MAX_TEXT + 1)).endswith("…")


def test_a_value_that_contains_itself_ends():
    """At the depth that is kept."""
    loop = {}
    loop["loop"] = loop
    json.dumps(plain(loop))
