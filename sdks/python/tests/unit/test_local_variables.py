"""Local variables: short, and nothing of the program is run that may take long."""

import collections

import pytest

from mana_errors_sdk.local_variables import MAX_REPR, MAX_VARIABLES, bounded_repr, variables_of


@pytest.mark.parametrize(
    "value", [1, 1.5, True, None, "text", b"bytes", [1, "a"], (1, 2), {"a": [1]}, {1}, ...]
)
def test_short_values_are_as_repr_shows_them(value):
    """What fits is not changed, but for one-element tuples."""
    assert bounded_repr(value) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**7,
        b"x" * 10**7,
        list(range(10**6)),
        dict.fromkeys(range(10**6)),
        {"a": {"b": {"c": {"d": {}}}}},
        10**5000,
        collections.deque(range(10**6)),
        collections.OrderedDict.fromkeys(range(10**5)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_large_values_are_bounded(value):
    """Whatever their size."""
    assert len(bounded_repr(value)) <= MAX_REPR


def test_what_can_be_iterated_is_not_asked():
    """A query set would ask its database."""

    class QuerySet:
        def __iter__(self):
            raise AssertionError("asked")

        def __repr__(self):
            raise AssertionError("asked")

    assert "QuerySet object" in bounded_repr(QuerySet())


def test_a_repr_that_fails_or_recurses_is_told_as_such():
    """It is code of the program."""

    class Bad:
        def __repr__(self):
            return repr(self)

    assert bounded_repr(Bad()) == "<Bad: repr() failed>"
    loop = []
    loop.append(loop)
    assert len(bounded_repr(loop)) <= MAX_REPR


def test_the_number_of_variables_is_bounded():
    """And dunders are left out."""
    scope = {f"v{index}": index for index in range(1000)}
    exec("import sys\nframe = sys._getframe()\n__hidden__ = 1", scope)
    shown = variables_of(scope["frame"])
    assert len(shown) == MAX_VARIABLES
    assert not any(name.startswith("__") for name in shown)
