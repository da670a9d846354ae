"""Distinct counts."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mana_errors.store import sketch

hashes = st.lists(st.integers(0, 2**64 - 1), max_size=700)


@given(st.lists(hashes, max_size=4))
def test_small_sets_are_exact_in_any_order(parts: list[list[int]]) -> None:
    """Up to 512 users the count is exact, whatever arrived when and how often."""
    total = sketch.EMPTY
    for part in parts:
        total = sketch.add(total, part)
    distinct = {value for part in parts for value in part}
    if len(distinct) <= 512:
        assert sketch.count(total) == len(distinct)
    assert sketch.add(total, sorted(distinct)) is total


@given(hashes, hashes)
def test_merging_equals_adding(left: list[int], right: list[int]) -> None:
    """A merged issue counts a user of both once."""
    one = sketch.add(sketch.EMPTY, left)
    other = sketch.add(sketch.EMPTY, right)
    assert sketch.merge([one, other]) == sketch.add(one, right)


def test_large_sets_are_close() -> None:
    """Within four standard errors (6.5 %), at a bounded size."""
    source = random.Random(7)
    total = sketch.EMPTY
    for size in (2_000, 20_000, 200_000):
        users = [source.getrandbits(64) for _ in range(size)]
        total = sketch.add(sketch.EMPTY, users)
        assert abs(sketch.count(total) - size) < 0.065 * size
    assert len(total) == 4097


@given(hashes, st.integers(0, 2**64 - 1))
def test_an_exact_set_forgets_one_user_and_an_estimate_nobody(held: list[int], gone: int) -> None:
    """Whoever is in an exact set leaves a trace in its bytes, by which it is found."""
    others = sketch.add(sketch.EMPTY, [value for value in held if value != gone])
    total = sketch.add(others, [gone])
    if sketch.count(total) <= 512 and len(set(held)) < 512:
        assert sketch.trace(gone) in total
        assert sketch.without(total, gone) == others
        assert sketch.without(others, gone) is others
    else:
        assert sketch.without(total, gone) in {total, others}
