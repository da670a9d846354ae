"""Which events of a storm keep their bodies. Pure; counts are made of all events, kept or not.

Of a grouping hash and a minute, event n (from 1) is kept when n <= N or n is a multiple of k, the
smallest power of two >= n / N. So a minute keeps N bodies and half of N for every doubling beyond,
on every node: 5,000 a second at N = 100 keep 700 or so of 300,000. The first event of a hash is
always among them. A kept event's weight is 1 and what was dropped of its hash since the last one.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import msgspec

from mana_errors.model.grouped import GroupedEvent

K = TypeVar("K", bound=Hashable)

# How long a minute's count is remembered. Events that waited for PostgreSQL come segment by segment
# in turns, and a turn over a full spool takes minutes.
FORGET_AFTER_S: Final = 600.0
# Hash-minutes remembered, at some 300 bytes each. Beyond that those go first that rested longest: a
# storm never rests, so it stays sampled, however many problems are invented beside it. One that is
# forgotten keeps its first N again, which by then it has not had for thousands of others.
MAX_MINUTES: Final = 50_000
# Ids of dropped events that a client may send again, at some 200 bytes each: a storm of a thousand
# dropped a second is known for over a minute, which is how long clients go on trying.
MAX_IDS: Final = 100_000

_ID_BITS: Final = 128


class Recent(Generic[K]):
    """A number by key, 0 where there is none. Forgets what was not put for longest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers: OrderedDict[K, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers)

    def get(self, key: K) -> int:
        """The key's number."""
        found = self._numbers.get(key)
        return 0 if found is None else found[0]

    def put(self, key: K, number: int, now: float) -> None:
        """Set the key's number; 0 forgets it."""
        self._numbers.pop(key, None)
        if number:
            self._numbers[key] = (number, now)
        if len(self._numbers) > self._most:
            self._numbers.popitem(last=False)

    def forget(self, before: float) -> None:
        """Drop what was last put before that time."""
        while self._numbers and next(iter(self._numbers.values()))[1] < before:
            self._numbers.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall become of a batch's events, and what to remember when that is committed."""

    kept: list[GroupedEvent] = field(default_factory=list)
    dropped: list[GroupedEvent] = field(default_factory=list)
    # sent again after they were dropped
    resent: list[GroupedEvent] = field(default_factory=list)
    # (hash, minute) -> events so far
    counts: dict[tuple[int, float], int] = field(default_factory=dict)
    # hash -> dropped since the last kept one
    carried: dict[int, int] = field(default_factory=dict)


class Sampler:
    """One digest's memory of storms."""

    def __init__(self) -> None:
        self._counts: Recent[tuple[int, float]] = Recent(MAX_MINUTES)
        self._carried: Recent[int] = Recent(MAX_MINUTES)
        self._ids: Recent[int] = Recent(MAX_IDS)

    @property
    def remembered(self) -> int:
        """Hash-minutes in memory."""
        return len(self._counts)

    def plan(self, items: Sequence[GroupedEvent], limit_of: Callable[[str], int]) -> Plan:
        """Decide without remembering. limit_of: app -> N, 0 = keep all."""
        plan = Plan()
        for item in items:
            if item.event.resendable and self._ids.get(_name(item)):
                plan.resent.append(item)
            elif limit := limit_of(item.event.app_id):
                self._decide(item, limit, plan)
            else:
                plan.kept.append(item)
        return plan

    def commit(self, plan: Plan, now: float) -> None:
        """Remember what a plan did, once that is stored; now in seconds, from any start."""
        for minute, count in plan.counts.items():
            self._counts.put(minute, count, now)
        for key, carried in plan.carried.items():
            self._carried.put(key, carried, now)
        for item in plan.dropped:
            if item.event.resendable:
                self._ids.put(_name(item), 1, now)
        self._counts.forget(now - FORGET_AFTER_S)
        self._carried.forget(now - FORGET_AFTER_S)

    def forget_carried(self) -> None:
        """For when nobody knows whether a plan was stored: no occurrence may be weighed twice."""
        self._carried = Recent(MAX_MINUTES)

    def _decide(self, item: GroupedEvent, limit: int, plan: Plan) -> None:
        key = item.grouping.grouping_hash.int
        minute = (key, item.event.received_at.timestamp() // 60)
        number = 1 + (plan.counts.get(minute) or self._counts.get(minute))
        plan.counts[minute] = number
        carried = plan.carried.get(key)
        if carried is None:
            carried = self._carried.get(key)
        if number % _interval(number, limit):
            plan.carried[key] = carried + 1
            plan.dropped.append(item)
        elif carried:
            plan.carried[key] = 0
            plan.kept.append(msgspec.structs.replace(item, weight=1 + carried))
        else:
            plan.kept.append(item)


def _interval(number: int, limit: int) -> int:
    """The smallest power of two >= number / limit."""
    return 1 << ((number - 1) // limit).bit_length()


def _name(item: GroupedEvent) -> int:
    # The grouping hash hashes the app in: one app's id cannot hide another app's event.
    return item.grouping.grouping_hash.int << _ID_BITS | item.event.id.int
