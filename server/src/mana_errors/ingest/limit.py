"""Token buckets: how many requests an address may send, and how many events a key and an app.

Each worker has buckets of its own and allows its share, so that all together allow what is set,
wherever the connections of a client happen to end.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from mana_errors.config import Settings
from mana_errors.errors import TooManyRequests
from mana_errors.model.app import KnownApp

# Buckets of one kind that are remembered; those that were not asked for longest are forgotten and
# begin full again. About 15 MB; a forgotten one costs an attacker this many addresses.
MAX_BUCKETS: Final = 65_536


# By the names that Sentry gives to whom a limit is for.
_LIMITED: Final = {
    "organization": "requests from this address",
    "key": "events with this key",
    "project": "events of this app",
}


class _Bucket(msgspec.Struct, gc=False):
    tokens: float
    # when it had them, in seconds of a monotonic clock
    at: float


class Buckets:
    """Token buckets by name: `rate` tokens a second flow into each, up to `burst`."""

    def __init__(self, most: int = MAX_BUCKETS) -> None:
        self._most = most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: str, rate: float, burst: float, now: float) -> float:
        """Take one token. 0 when there was one; else the seconds until there will be."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._new(name, burst, now)
        else:
            self._buckets.move_to_end(name)
            bucket.tokens = min(bucket.tokens + (now - bucket.at) * rate, burst)
            bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / rate
        bucket.tokens -= 1
        return 0

    def _new(self, name: str, burst: float, now: float) -> _Bucket:
        if len(self._buckets) >= self._most:
            self._buckets.popitem(last=False)
        bucket = self._buckets[name] = _Bucket(burst, now)
        return bucket


class Limits:
    """The three limits of ingest. Every method raises TooManyRequests when a bucket is empty."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds, monotonic."""
        self._clock = clock
        self._workers = settings.workers
        self._rate = settings.rate_per_address / settings.workers
        self._burst = max(settings.rate_burst_per_address / settings.workers, 1)
        self._addresses = Buckets()
        self._keys = Buckets()
        self._apps = Buckets()

    def take_request(self, bucket: str) -> None:
        """One request of an address; an empty name is exempt."""
        if bucket and self._rate:
            wait = self._addresses.take(bucket, self._rate, self._burst, self._clock())
            if wait:
                raise _refusal("organization", wait)

    def take_event(self, app: KnownApp, key: str | None) -> None:
        """One event of an app, which came with this key."""
        settings = app.settings
        # The key first: what its bucket refuses must not cost the app's other keys.
        if key is not None and settings.key_rate_per_second:
            rate, burst = settings.key_rate_per_second, settings.key_rate_burst
            self._take(self._keys, key, rate, burst, "key")
        if settings.rate_per_second:
            rate, burst = settings.rate_per_second, settings.rate_burst
            self._take(self._apps, app.id, rate, burst, "project")

    def _take(self, buckets: Buckets, name: str, rate: int, burst: int, scope: str) -> None:
        share = rate / self._workers
        # Without a burst of its own, what one second allows.
        most = max((burst or rate) / self._workers, 1)
        if wait := buckets.take(name, share, most, self._clock()):
            raise _refusal(scope, wait)


def _refusal(scope: str, wait_s: float) -> TooManyRequests:
    what = _LIMITED[scope]
    return TooManyRequests(f"too many {what}; see Retry-After", max(math.ceil(wait_s), 1), scope)
