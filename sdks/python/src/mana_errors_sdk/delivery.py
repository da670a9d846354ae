"""Sends what waits in the backlog, one request at a time, and knows when the next may follow."""

from __future__ import annotations

import json
import os
import time
import zlib
from typing import Dict, Final, List, Optional, Protocol

from mana_errors_sdk import drops
from mana_errors_sdk.backlog import MAX_BATCH, Backlog
from mana_errors_sdk.diagnostics import warn
from mana_errors_sdk.drops import Drops, as_discarded
from mana_errors_sdk.transport import Answer, NotDelivered
from mana_errors_sdk.verdict import TOO_LARGE, Verdict, judge

# Pauses after failures: half to all of 1, 2, 4 … 60 seconds, so that a thousand programs do not
# come back in the same moment.
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
_MOST_DOUBLINGS: Final = 6
# Somebody waits in flush(): tries are not spread as far.
URGENT_PAUSE_S: Final = 0.25
# zlib's fastest: a batch takes a third of the time of the default and is a tenth larger.
_COMPRESSION: Final = 1
_GZIP: Final = 31


class Wire(Protocol):
    """What the delivery needs of a Transport."""

    def post(self, body: bytes, timeout: Optional[float] = None) -> Answer:
        """Raises NotDelivered."""
        ...

    def close(self) -> None:
        """Until the next post."""
        ...


class Delivery:
    """Between backlog and server. Used by one thread at a time."""

    def __init__(self, backlog: Backlog, wire: Wire, dropped: Drops, app_id: Optional[str]) -> None:
        self._backlog = backlog
        self._wire = wire
        self._drops = dropped
        self._app_id = app_id
        self._failures = 0
        # no request before this moment; before the second one not even when somebody waits
        self._pause_until = 0.0
        self._refused_until = 0.0
        self._last_try = 0.0
        # reports of a request; less after the server found one too large
        self._most = MAX_BATCH
        self._warned = False
        # why reports that find no room are lost
        self.overflow_reason = drops.QUEUE_OVERFLOW

    def wait_s(self, *, urgent: bool) -> Optional[float]:
        """Seconds until the next request; None when there is nothing to send."""
        if self._backlog.is_empty() and not (urgent and self._drops):
            return None
        until = self._pause_until
        if urgent:
            until = max(self._refused_until, min(until, self._last_try + URGENT_PAUSE_S))
        return max(until - time.monotonic(), 0.0)

    def deliver(self, timeout: Optional[float] = None) -> None:
        """One request; what failed stays in the backlog."""
        self._last_try = time.monotonic()
        batch = self._backlog.batch()[: self._most]
        counts = self._drops.take()
        if not batch and not counts:
            return
        try:
            answer = self._wire.post(encode_batch(batch, counts, self._app_id), timeout)
        except NotDelivered:
            self._drops.put_back(counts)
            self._pause(drops.NETWORK_ERROR, None)
            return
        verdict = judge(answer, len(batch))
        if not verdict.is_healthy or (verdict.is_too_much and batch):
            self._drops.put_back(counts)
        self._obey(verdict, batch, answer.status)

    def _obey(self, verdict: Verdict, batch: List[bytes], status: int) -> None:
        if verdict.is_too_much and batch:
            self._cut(verdict, batch, status)
            return
        if verdict.is_refused or not (verdict.is_healthy or verdict.is_ours):
            self._warn(status)
        if not verdict.is_healthy:
            limited = verdict.is_rate_limited
            self._pause(
                drops.RATELIMIT_BACKOFF if limited else drops.NETWORK_ERROR, verdict.retry_after_s
            )
            return
        lost = self._backlog.remove([batch[index] for index in verdict.again], len(batch))
        if lost:
            self._drops.add(drops.STORAGE_FULL, lost)
        self._failures = 0
        self._pause_until = self._refused_until = 0.0
        self._most = min(self._most * 2, MAX_BATCH)
        self.overflow_reason = drops.QUEUE_OVERFLOW

    def _cut(self, verdict: Verdict, batch: List[bytes], status: int) -> None:
        """Half as much at once; what does not pass by itself is lost."""
        if len(batch) > 1:
            self._most = len(batch) // 2
            return
        self._backlog.remove([], len(batch))
        self._warn(status)
        if not verdict.is_ours:
            # Our server counts what it refuses.
            self._drops.add(drops.TOO_LARGE if status == TOO_LARGE else drops.INTERNAL_ERROR)

    def _pause(self, reason: str, retry_after_s: Optional[float]) -> None:
        now = time.monotonic()
        self.overflow_reason = reason
        longest = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S)
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        self._pause_until = now + longest * (0.5 + 0.5 * _random())
        if retry_after_s is not None:
            # Never before, and not all at the same moment behind it.
            self._refused_until = now + retry_after_s
            self._pause_until = self._refused_until + FIRST_PAUSE_S * _random()

    def _warn(self, status: int) -> None:
        """Once: a wrong key would fill the log."""
        if not self._warned:
            self._warned = True
            warn(f"reports are not taken, but answered with HTTP {status}: see the answer with"
                 " `mana-errors-sdk test`")  # fmt: skip

    def close(self) -> None:
        """The last request was sent."""
        self._wire.close()

    def forget(self, backlog: Backlog) -> None:
        """In a forked child: what waits here is the parent's, which sends it."""
        # Closes the child's copy of the socket; the parent's stays as it is.
        self._wire.close()
        self._backlog = backlog
        self._failures = 0
        self._pause_until = self._refused_until = 0.0


def _random() -> float:
    return int.from_bytes(os.urandom(4), "big") / 2**32


def encode_batch(reports: List[bytes], counts: Dict[str, int], app_id: Optional[str]) -> bytes:
    """The gzipped body of a request."""
    packer = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, _GZIP)
    parts = [packer.compress(b'{"errors":[')]
    for index, report in enumerate(reports):
        parts.append(packer.compress(b"," + report if index else report))
    tail = b"]}"
    if counts:
        tail = b'],"discarded":' + json.dumps(as_discarded(counts, app_id)).encode() + b"}"
    return b"".join([*parts, packer.compress(tail), packer.flush()])
