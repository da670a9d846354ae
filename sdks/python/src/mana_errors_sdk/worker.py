"""The one thread that does what takes time, and the queue to it.

Whoever captures an error only appends to a deque, and rings a bell when the worker sleeps. Both
are single operations that a signal handler, a garbage collector's finalizer or a fork can break
into anywhere: there is no lock to be found taken.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Callable, Deque, Final, List, Optional

from mana_errors_sdk import drops
from mana_errors_sdk.backlog import MAX_BATCH, Backlog
from mana_errors_sdk.captured import Captured
from mana_errors_sdk.delivery import Delivery
from mana_errors_sdk.diagnostics import debug
from mana_errors_sdk.drops import Drops
from mana_errors_sdk.prepare import Dropped

# After a failure of our own, so that it does not become a busy loop.
_CALM_S: Final = 1.0
# flush() without a thread looks this often whether there is more to do.
_POLL_S: Final = 0.01

Prepare = Callable[[Captured], bytes]


class Worker:
    """Takes captured errors from the queue, makes reports of them, and has them delivered."""

    def __init__(
        self, prepare: Prepare, delivery: Delivery, backlog: Backlog, dropped: Drops, max_queue: int
    ) -> None:
        self._prepare = prepare
        self._delivery = delivery
        self._backlog = backlog
        self._drops = dropped
        self._max_queue = max_queue
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._starting = threading.RLock()
        self._thread: Optional[threading.Thread] = None
        self._queue: Deque[Captured] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._is_asleep = False
        # set by close(): until then the worker may try, when there is something to send
        self._ends_at: Optional[float] = None
        self._flushers: List[threading.Event] = []

    def after_fork(self, backlog: Backlog) -> None:
        """In a forked child: the thread is gone, and what waits is the parent's."""
        self._backlog.forget()
        self._backlog = backlog
        self._reset()

    def start(self) -> None:
        """Begin without an error: reports of a program that is gone wait in the spool."""
        if not self._backlog.is_empty():
            self._start()

    def put(self, captured: Captured) -> bool:
        """Queue an error; False when there is no room, which is counted. Never blocks."""
        if len(self._queue) >= self._max_queue:
            self._drops.add(self._delivery.overflow_reason)
            return False
        self._queue.append(captured)
        if self._thread is None:
            self._start()
        if self._is_asleep:
            self._is_asleep = False
            self._bell.put(None)
        return True

    def is_of_this_process(self) -> bool:
        """False in a child whose fork nobody told us of."""
        return self._pid == os.getpid()

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None or self._ends_at is not None:
                return
            # Known before it runs: a signal handler that captures meanwhile must not start another.
            self._thread = threading.Thread(target=self._run, name="mana-errors-sdk", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                # No threads: the interpreter is about to end. close() sends from its own thread.
                self._thread = None

    def _run(self) -> None:
        while True:
            try:
                if not self._step():
                    self._end()
                    return
            except Exception:  # noqa: BLE001 - the thread must live; what failed is counted
                debug("the worker failed")
                self._drops.add(drops.INTERNAL_ERROR)
                time.sleep(_CALM_S)

    def _step(self) -> bool:
        """One thing that is to be done; sleeps when there is none. False: the end."""
        self._fill()
        left_s = None if self._ends_at is None else self._ends_at - time.monotonic()
        urgent = bool(self._flushers) or left_s is not None
        wait_s = self._delivery.wait_s(urgent=urgent)
        if left_s is not None and (wait_s is None or wait_s >= left_s):
            # All is sent, or the next try would come too late.
            return False
        if wait_s == 0:
            self._delivery.deliver(left_s)
            return True
        if wait_s is None:
            self._tell_flushers()
        self._sleep(wait_s)
        return True

    def _end(self) -> None:
        self._backlog.close()
        self._delivery.close()

    def _fill(self) -> None:
        """Queue -> backlog, as far as there is room; at most what one request takes."""
        for _ in range(MAX_BATCH):
            if not (self._queue and self._backlog.has_room()):
                break
            report = self._report(self._queue.popleft())
            if report is not None and not self._backlog.add(report):
                self._drops.add(drops.STORAGE_FULL)
        self._backlog.sync()

    def _report(self, captured: Captured) -> Optional[bytes]:
        try:
            return self._prepare(captured)
        except Dropped as dropped:
            self._drops.add(dropped.reason)
        except Exception:  # noqa: BLE001 - before_send may raise anything; it is counted
            debug("a report could not be made")
            self._drops.add(drops.INTERNAL_ERROR)
        return None

    def _sleep(self, wait_s: Optional[float]) -> None:
        """Until the bell rings: for a new error if there is room for one, a flush, or the end."""
        takes_more = self._backlog.has_room()
        self._is_asleep = takes_more
        if not (takes_more and self._queue):
            with suppress(Empty):
                self._bell.get(timeout=wait_s)
        self._is_asleep = False

    def _tell_flushers(self) -> None:
        if not self._queue:
            for flusher in self._flushers[:]:
                flusher.set()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was captured is delivered; False if that takes longer."""
        if self._thread is None:
            return self._drain(timeout)
        flusher = threading.Event()
        self._flushers.append(flusher)
        self._bell.put(None)
        done = flusher.wait(timeout)
        self._flushers.remove(flusher)
        return done

    def close(self, timeout: float) -> bool:
        """Deliver what can be delivered within the time, and end the thread."""
        self._ends_at = time.monotonic() + timeout
        thread = self._thread
        if thread is None or not thread.is_alive():
            done = self._drain(timeout)
            self._end()
            return done
        self._bell.put(None)
        thread.join(timeout)
        return not thread.is_alive() and self._backlog.is_empty() and not self._queue

    def _drain(self, timeout: float) -> bool:
        """Deliver from this thread, where there is no other."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self._fill()
            wait_s = self._delivery.wait_s(urgent=True)
            if wait_s is None:
                return True
            if wait_s >= left:
                return False
            if wait_s == 0:
                self._delivery.deliver(left)
            else:
                time.sleep(min(wait_s, _POLL_S))
        return False
