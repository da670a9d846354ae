"""Which events of a storm keep their bodies."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from mana_errors.digest import sample
from mana_errors.digest.sample import FORGET_AFTER_S, Plan, Recent, Sampler
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.grouping import Grouping

MINUTE = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


def item(problem: int = 1, at: datetime = MINUTE, **fields: Any) -> GroupedEvent:
    event = Event(uuid4(), at, at, "chat", "CODE", "TypeError", "it broke")
    grouping = Grouping("f", UUID(int=problem), "title", "culprit", ())
    return GroupedEvent(msgspec.structs.replace(event, **fields), grouping)


def take(sampler: Sampler, *items: GroupedEvent, limit: int = 10, now: float = 0) -> Plan:
    """Plan and commit."""
    plan = sampler.plan(items, lambda _: limit)
    sampler.commit(plan, now)
    return plan


def kept_numbers(total: int, limit: int) -> list[int]:
    """Which of a minute's events, numbered from 1, are kept."""
    sampler = Sampler()
    return [n for n in range(1, total + 1) if take(sampler, item(), limit=limit).kept]


def test_the_first_are_kept_and_then_one_in_2_4_8() -> None:
    assert kept_numbers(40, 10) == [*range(1, 11), *range(12, 21, 2), *range(24, 41, 4)]
    assert kept_numbers(9, 1) == [1, 2, 4, 8]


def test_zero_keeps_all() -> None:
    assert len(kept_numbers(1000, 0)) == 1000


def test_a_kept_event_stands_for_those_dropped_before_it() -> None:
    sampler = Sampler()
    plan = take(sampler, *(item() for _ in range(24)), limit=10)
    assert [kept.weight for kept in plan.kept] == [1] * 10 + [2] * 5 + [4]
    assert sum(kept.weight for kept in plan.kept) == 24


def test_what_is_dropped_is_carried_over_the_minute() -> None:
    sampler = Sampler()
    take(sampler, *(item() for _ in range(23)), limit=10)
    later = take(sampler, item(at=MINUTE + timedelta(minutes=1)), limit=10)
    assert [kept.weight for kept in later.kept] == [4]


def test_each_minute_and_each_problem_begins_anew() -> None:
    sampler = Sampler()
    storm = take(sampler, *(item() for _ in range(1000)))
    assert len(storm.kept) < 100
    assert take(sampler, item(2), item(3)).kept
    assert (
        len(take(sampler, *(item(at=MINUTE + timedelta(minutes=1)) for _ in range(10))).kept) == 10
    )


def test_batches_of_different_minutes_in_turns_do_not_begin_anew() -> None:
    """The segments of two workers that wait since PostgreSQL went away."""
    sampler = Sampler()
    kept = 0
    for _ in range(50):
        for minute in range(5):
            at = MINUTE + timedelta(minutes=minute)
            kept += len(take(sampler, *(item(at=at) for _ in range(10))).kept)
    assert kept <= 5 * (10 + 6 * 5)


def test_a_plan_that_is_not_committed_changes_nothing() -> None:
    sampler, batch = Sampler(), [item() for _ in range(50)]
    first = sampler.plan(batch, lambda _: 10)
    again = sampler.plan(batch, lambda _: 10)
    assert first == again


def test_the_limit_is_the_app_s() -> None:
    sampler = Sampler()
    batch = [item(n, app_id=app) for n, app in ((1, "a"), (2, "b")) for _ in range(20)]
    plan = sampler.plan(batch, lambda app: 5 if app == "a" else 0)
    assert sum(kept.event.app_id == "b" for kept in plan.kept) == 20
    assert sum(kept.event.app_id == "a" for kept in plan.kept) < 20


def test_a_dropped_event_that_comes_again_is_known() -> None:
    """Even where nothing is sampled any more."""
    sampler = Sampler()
    batch = [item(resendable=True) for _ in range(20)]
    plan = take(sampler, *batch)
    assert plan.dropped
    again = sampler.plan(plan.dropped, lambda _: 0)
    assert again.resent == plan.dropped
    assert not again.kept
    other_app = [msgspec.structs.replace(one, grouping=item(2).grouping) for one in plan.dropped]
    assert not sampler.plan(other_app, lambda _: 0).resent


def test_where_a_commit_s_answer_is_lost_nothing_is_weighed_twice() -> None:
    sampler = Sampler()
    take(sampler, *(item() for _ in range(23)), limit=10)
    sampler.forget_carried()
    (kept,) = take(sampler, item()).kept
    assert kept.weight == 1


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By time, and by number: then those go first that rest, and a storm does not."""
    monkeypatch.setattr(sample, "MAX_MINUTES", 100)
    sampler = Sampler()
    kept = 0
    for n in range(1000):
        kept += sum(
            one.grouping.grouping_hash.int == 1 for one in take(sampler, item(), item(2 + n)).kept
        )
    assert kept < 10 + 7 * 5
    assert sampler.remembered == 100
    take(sampler, item(5000), now=FORGET_AFTER_S + 1)
    assert sampler.remembered == 1


def test_recent_forgets_what_was_put_longest_ago() -> None:
    recent: Recent[str] = Recent(2)
    for number, key in enumerate("abac", 1):
        recent.put(key, number, number)
    assert [recent.get(key) for key in "abc"] == [3, 0, 4]
    recent.forget(4)
    assert [recent.get(key) for key in "abc"] == [0, 0, 4]
    recent.put("c", 0, 5)
    assert len(recent) == 0
