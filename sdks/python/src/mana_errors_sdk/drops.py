"""What was not reported, by reason: counted here, said to the server with the next batch."""

from __future__ import annotations

import threading
from typing import Dict, Final, List

from mana_errors_sdk.values import JsonObject

# Not wanted by the program.
SAMPLE_RATE: Final = "sample_rate"
BEFORE_SEND: Final = "before_send"
IGNORED: Final = "ignored"
# Lost.
QUEUE_OVERFLOW: Final = "queue_overflow"
NETWORK_ERROR: Final = "network_error"
RATELIMIT_BACKOFF: Final = "ratelimit_backoff"
TOO_LARGE: Final = "too_large"
STORAGE_FULL: Final = "storage_full"
INTERNAL_ERROR: Final = "internal_error"


class Drops:
    """Counts by reason. Any thread adds; the worker takes."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: in a forked child the counts are the parent's, and the lock may be taken."""
        # reentrant: a signal handler may capture while this thread counts
        self._lock = threading.RLock()
        self._counts: Dict[str, int] = {}

    def add(self, reason: str, quantity: int = 1) -> None:
        """Count."""
        with self._lock:
            self._counts[reason] = self._counts.get(reason, 0) + quantity

    def take(self) -> Dict[str, int]:
        """All counts, which begin at zero again."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts

    def put_back(self, counts: Dict[str, int]) -> None:
        """What could not be said to the server."""
        for reason, quantity in counts.items():
            self.add(reason, quantity)

    def __bool__(self) -> bool:
        return bool(self._counts)


def as_discarded(counts: Dict[str, int], app_id: str | None) -> List[JsonObject]:
    """The counts as a batch says them."""
    named = {"appId": app_id} if app_id else {}
    return [{"reason": name, "quantity": n, **named} for name, n in counts.items()]
