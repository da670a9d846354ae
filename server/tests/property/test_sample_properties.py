"""Sampling drops bodies and never counts: any order, any number of digests, any setting."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from digesting import most_kept
from mana_errors.digest.facets import Fresh
from mana_errors.digest.sample import Plan, Sampler
from mana_errors.digest.summarize import summarize
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.grouping import Grouping
from mana_errors.model.issue import Delta, Rollup
from mana_errors.triage.merge import merge

# An hour ends amid it.
START = datetime(2026, 1, 1, 12, 58, tzinfo=UTC)
MINUTES, PROBLEMS, DIGESTS = 3, 3, 2


@st.composite
def floods(draw: st.DrawFn) -> list[GroupedEvent]:
    """Events of a few problems and minutes, few or a storm, in an order by chance."""
    sizes = draw(
        st.dictionaries(
            st.tuples(st.integers(1, PROBLEMS), st.integers(0, MINUTES - 1)),
            st.integers(1, 300),
            max_size=4,
        )
    )
    items = [item(*key, number) for key, size in sizes.items() for number in range(size)]
    # permutations() of a thousand are too much to draw, and to shrink
    return Random(draw(st.integers(0, 1000))).sample(items, len(items))


def item(problem: int, minute: int, number: int) -> GroupedEvent:
    at = START + timedelta(minutes=minute, milliseconds=number)
    event = Event(
        UUID(int=number), at, at, "chat", "CODE", "TypeError", "it broke", user_id=f"u{number % 7}"
    )
    return GroupedEvent(event, Grouping(f"f{problem}", UUID(int=problem), "title", "culprit", ()))


def batches(items: list[GroupedEvent], cuts: list[int]) -> list[list[GroupedEvent]]:
    edges = [0, *sorted({cut % (len(items) + 1) for cut in cuts}), len(items)]
    return [items[a:b] for a, b in pairwise(edges)]


def run(
    items: list[GroupedEvent], cuts: list[int], limit: int, failures: list[bool]
) -> list[list[Plan]]:
    """Plans of two digests that take batches in turns; some are tried twice."""
    samplers = [Sampler() for _ in range(DIGESTS)]
    plans: list[list[Plan]] = [[] for _ in samplers]
    for number, batch in enumerate(batches(items, cuts)):
        own = number % DIGESTS
        if failures[number % len(failures)]:
            samplers[own].plan(batch, lambda _: limit)
        plan = samplers[own].plan(batch, lambda _: limit)
        samplers[own].commit(plan, number)
        plans[own].append(plan)
    return plans


@given(
    items=floods(),
    cuts=st.lists(st.integers(0, 2000), max_size=12),
    limit=st.sampled_from([0, 1, 2, 3, 10, 100]),
    failures=st.lists(st.booleans(), min_size=1, max_size=4),
)
def test_counts_are_exact_bodies_are_bounded_and_weights_add_up(
    items: list[GroupedEvent], cuts: list[int], limit: int, failures: list[bool]
) -> None:
    plans = run(items, cuts, limit, failures)
    everything = [plan for own in plans for plan in own]
    sent = Counter(one.grouping.grouping_hash for one in items)

    folded = merge(
        delta for plan in everything for delta in summarize([*plan.kept, *plan.dropped], Fresh())
    )
    whole = merge(summarize(items, Fresh()))
    assert {delta.grouping_hash: delta.count for delta in folded} == sent
    for ours, theirs in zip(folded, whole, strict=True):
        assert by_hour(ours) == by_hour(theirs)
        assert ours.users == theirs.users
        assert (ours.first_seen, ours.last_seen) == (theirs.first_seen, theirs.last_seen)

    for own in plans:
        kept: defaultdict[tuple[UUID, int], int] = defaultdict(int)
        came: Counter[tuple[UUID, int]] = Counter()
        weights: Counter[UUID] = Counter()
        carried: dict[int, int] = {}
        for plan in own:
            carried |= plan.carried
            came.update(map(key, [*plan.kept, *plan.dropped]))
            for one in plan.kept:
                kept[key(one)] += 1
                weights[one.grouping.grouping_hash] += one.weight
        assert set(kept) == set(came), "a problem that is not seen at all"
        if limit:
            assert all(kept[one] <= most_kept(count, limit) for one, count in came.items())
        else:
            assert kept == came
        for problem in {problem for problem, _ in came}:
            count = sum(n for (other, _), n in came.items() if other == problem)
            assert weights[problem] + carried.get(problem.int, 0) == count


def by_hour(delta: Delta) -> list[Rollup]:
    return sorted(delta.rollups, key=lambda rollup: rollup.hour)


def key(one: GroupedEvent) -> tuple[UUID, int]:
    return one.grouping.grouping_hash, one.event.received_at.minute
