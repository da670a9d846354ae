"""Windows that slide over moments, which come in the order of time. Both ends are in them. Pure."""

from collections import Counter, deque
from datetime import datetime, timedelta
from typing import Protocol


class Window(Protocol):
    """How much is in the window up to the latest moment."""

    def add(self, at: datetime, value: int) -> int:
        """One moment more; of several at once, the last has them all."""
        ...


class Sum:
    """The sum of values."""

    def __init__(self, length: timedelta) -> None:
        self._length = length
        self._inside: deque[tuple[datetime, int]] = deque()
        self._total = 0

    def add(self, at: datetime, value: int) -> int:
        """As Window has it."""
        inside = self._inside
        inside.append((at, value))
        self._total += value
        first = at - self._length
        while inside[0][0] < first:
            self._total -= inside.popleft()[1]
        return self._total


class Distinct:
    """The number of different values."""

    def __init__(self, length: timedelta) -> None:
        self._length = length
        self._inside: deque[tuple[datetime, int]] = deque()
        self._times: Counter[int] = Counter()

    def add(self, at: datetime, value: int) -> int:
        """As Window has it."""
        inside, times = self._inside, self._times
        inside.append((at, value))
        times[value] += 1
        first = at - self._length
        while inside[0][0] < first:
            gone = inside.popleft()[1]
            times[gone] -= 1
            if not times[gone]:
                del times[gone]
        return len(times)
