"""What triage remembers of issues, so that it need not ask whether a rule fires.

All of it errs on one side: it may make triage look where nothing fires, never the other way. So a
transaction that is cut off and done again harms nothing. It holds as long as this triage alone
folds: a new leader begins with nothing.
"""

from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from mana_errors.store.alerting import Pair

# Issues, and pairs of a rule and an issue, that are remembered: about 200 bytes each.
MAX_REMEMBERED: Final = 200_000
# How old bounds may be: they only ever grow, and what they count goes out of every window.
BOUNDS_FOR: Final = timedelta(hours=1)

K = TypeVar("K")
V = TypeVar("V")


class Memory:
    """Bounded; what is forgotten is looked up again."""

    def __init__(self) -> None:
        self._fired: dict[Pair, datetime] = {}
        self._bounds: dict[UUID, tuple[int, datetime]] = {}
        self._missing: dict[Pair, tuple[int, datetime]] = {}

    def fired(self, pair: Pair, at: datetime) -> None:
        """A rule fired for an issue; what the database says, so that it is true."""
        _put(self._fired, pair, at)

    def last_fired(self, pair: Pair) -> datetime | None:
        """When a rule fired for an issue, or later; None: not known."""
        return self._fired.get(pair)

    def bound(self, issue: UUID, events: int, now: datetime) -> None:
        """An issue has no more events than these that any window counts."""
        _put(self._bounds, issue, (events, now))

    def grow(self, issue: UUID, events: int, now: datetime) -> bool:
        """So many more events; whether the issue's bound is known and new enough."""
        known = self._bounds.get(issue)
        if known is None or now - known[1] > BOUNDS_FOR:
            return False
        self._bounds[issue] = known[0] + events, known[1]
        return True

    def most(self, issue: UUID) -> int:
        """The bound of an issue that has one."""
        return self._bounds[issue][0]

    def missing(self, pair: Pair, events: int, until: datetime) -> None:
        """Until then, a rule cannot fire for an issue before it has so many more events."""
        _put(self._missing, pair, (events, until))

    def misses(self, pair: Pair, events: int, now: datetime) -> bool:
        """Whether events are still missing, now that these have come."""
        known = self._missing.get(pair)
        if known is None:
            return False
        missing, until = known[0] - events, known[1]
        if missing <= 0 or now >= until:
            del self._missing[pair]
            return False
        self._missing[pair] = missing, until
        return True


def _put(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= MAX_REMEMBERED and key not in known:
        del known[next(iter(known))]
    known[key] = value
