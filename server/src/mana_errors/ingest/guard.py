"""The worker protects itself: memory, bodies that are coming in, and connections.

Each limit refuses new work with 503 before harm is done, and lets it in again by itself.
"""

import ctypes
import gc
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.errors import Overloaded
from mana_errors.model.health import Check

# How stale the view of memory may be: at 100 MB/s, 50 MB.
MEMORY_CHECK_S: Final = 0.5
# Part of the memory that bodies may take which are not whole yet.
BODIES_SHARE: Final = 0.25
# Of each body these take no room: a handful of senders of huge bodies, who never end them, must
# not keep everybody's small reports out. All connections together hold 128 MiB so.
FREE_BYTES: Final = 16 * 1024
# The allocator keeps what was freed unless it is asked; asking takes milliseconds.
GIVE_BACK_S: Final = 5.0
# A connection that was silent for so long may go when another wants its place. Round trips are
# shorter, so a client that is about to send is spared.
SHED_AFTER_S: Final = 0.25
# How long a health check speaks of refused connections.
REMEMBERED_S: Final = 5.0
_STATM: Final = Path("/proc/self/statm")


class Shedable(Protocol):
    """A connection that waits for its client."""

    @property
    def since(self) -> float:
        """When it began to wait, by the event loop's clock."""
        ...

    def shed(self) -> None:
        """Close it."""
        ...


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not say (macOS)."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGESIZE")
    except FileNotFoundError:
        return 0


class Guard:
    """What one worker holds, and how much it may."""

    def __init__(
        self,
        settings: Settings,
        resident: Callable[[], int] = resident_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """clock: seconds, monotonic; the event loop's."""
        self._resident = resident
        self._clock = clock
        self._max_memory = settings.max_memory_bytes
        self._max_bodies = int(settings.max_memory_bytes * BODIES_SHARE)
        self._max_connections = settings.max_connections
        self._memory = 0
        self._looked = self._gave_back = -max(MEMORY_CHECK_S, GIVE_BACK_S)
        self._bodies = 0
        self._connections = 0
        self._refused_connection = -REMEMBERED_S
        # those that wait for their client, the longest silent first
        self._waiting: OrderedDict[Shedable, None] = OrderedDict()

    # Memory

    def check_memory(self) -> None:
        """Raises Overloaded while the process is too large."""
        if (reason := self._memory_refusal()) is not None:
            meters.protected.labels("memory").inc()
            raise Overloaded(reason)

    def hold(self, size: int) -> None:
        """Part of a body came in. Raises Overloaded when it is too much; then it is not held."""
        if self._bodies + size > self._max_bodies:
            meters.protected.labels("bodies").inc()
            raise Overloaded("too many bodies are coming in at once")
        self._bodies += size

    def release(self, size: int) -> None:
        """A body was dealt with."""
        self._bodies -= size

    def _memory_refusal(self) -> str | None:
        now = self._clock()
        if now - self._looked >= MEMORY_CHECK_S:
            self._looked, self._memory = now, self._resident()
            if self._memory > self._max_memory and now - self._gave_back >= GIVE_BACK_S:
                self._gave_back = now
                _give_back()
                self._memory = self._resident()
        if self._memory <= self._max_memory:
            return None
        return f"memory at its ceiling: {self._memory} of {self._max_memory} bytes"

    # Connections

    def admit(self) -> bool:
        """Count a new connection. False = there is no room; it counts until leave() all the same.

        Room is made by closing the connection that was silent for longest.
        """
        self._connections += 1
        if self._connections <= self._max_connections or self._shed():
            return True
        self._refused_connection = self._clock()
        meters.protected.labels("connections").inc()
        return False

    def leave(self) -> None:
        """A connection is gone."""
        self._connections -= 1

    def waits(self, connection: Shedable) -> None:
        """A connection begins to wait for its client."""
        self._waiting[connection] = None

    def waits_no_more(self, connection: Shedable) -> None:
        """Its request has come, or it is gone."""
        self._waiting.pop(connection, None)

    def _shed(self) -> bool:
        oldest = next(iter(self._waiting), None)
        if oldest is None or self._clock() - oldest.since < SHED_AFTER_S:
            return False
        del self._waiting[oldest]
        meters.protected.labels("shed").inc()
        oldest.shed()
        return True

    # Health

    def checks(self) -> list[Check]:
        """Whether memory and connections leave room for reports."""
        memory = self._memory_refusal()
        full = self._clock() - self._refused_connection < REMEMBERED_S
        count = f"{self._connections} of {self._max_connections} open"
        return [
            Check("memory", memory is None, memory or f"{self._memory} bytes"),
            Check("connections", not full, f"refused lately: {count}" if full else count),
        ]


class Held:
    """What one request holds of the room for bodies."""

    __slots__ = ("_counted", "_guard", "_size")

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._size = 0
        self._counted = 0

    def add(self, size: int) -> None:
        """Part of its body came in. Raises Overloaded."""
        self._size += size
        more = max(self._size - FREE_BYTES, 0) - self._counted
        if more:
            self._guard.hold(more)
            self._counted += more

    def release(self) -> None:
        """It is dealt with, or refused."""
        self._guard.release(self._counted)
        self._size = self._counted = 0


def _give_back() -> None:
    """Return freed memory to the system, where the allocator knows how (glibc)."""
    gc.collect()
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
