"""Encoded reports that wait for the server, oldest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Deque, Final, List, Protocol

# Of one request; the server takes 1,000 and 10 MiB, but all of it is in memory for a moment. A
# report is some 15 KB.
MAX_BATCH: Final = 100
MAX_BATCH_BYTES: Final = 1024 * 1024


class Backlog(Protocol):
    """Where reports wait."""

    def has_room(self) -> bool:
        """Whether another report should be encoded now; else it waits in the queue."""
        ...

    def add(self, report: bytes) -> bool:
        """Keep a report; False when it could not be kept."""
        ...

    def sync(self) -> None:
        """Make what was added as durable as it is meant to be."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        ...

    def batch(self) -> List[bytes]:
        """The oldest reports, as many as fit into one request."""
        ...

    def remove(self, kept: List[bytes], count: int) -> int:
        """Forget the oldest `count` reports, but for those of them in `kept`; how many of these
        could not be kept."""
        ...

    def close(self) -> None:
        """The program ends."""
        ...

    def forget(self) -> None:
        """In a forked child: what waits is the parent's."""
        ...


class Memory:
    """Holds one batch: all that waits longer waits in the queue, where it takes less memory."""

    def __init__(self) -> None:
        self._reports: Deque[bytes] = deque()
        self._size = 0

    def has_room(self) -> bool:
        """See Backlog."""
        return len(self._reports) < MAX_BATCH and self._size < MAX_BATCH_BYTES

    def add(self, report: bytes) -> bool:
        """See Backlog."""
        self._reports.append(report)
        self._size += len(report)
        return True

    def sync(self) -> None:
        """See Backlog."""

    def is_empty(self) -> bool:
        """See Backlog."""
        return not self._reports

    def batch(self) -> List[bytes]:
        """See Backlog."""
        return within_limits(self._reports)

    def remove(self, kept: List[bytes], count: int) -> int:
        """See Backlog."""
        for _ in range(count):
            self._size -= len(self._reports.popleft())
        self._reports.extendleft(reversed(kept))
        self._size += sum(map(len, kept))
        return 0

    def close(self) -> None:
        """See Backlog."""

    def forget(self) -> None:
        """See Backlog."""


def within_limits(reports: Iterable[bytes]) -> List[bytes]:
    """As many of the first reports as one request may hold; at least one."""
    batch: List[bytes] = []
    size = 0
    for report in reports:
        size += len(report)
        if batch and (size > MAX_BATCH_BYTES or len(batch) == MAX_BATCH):
            break
        batch.append(report)
    return batch
