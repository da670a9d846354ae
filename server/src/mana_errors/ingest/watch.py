"""Ends connections whose client keeps us waiting: silent ones, and those that drip."""

import asyncio
import math
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from mana_errors import meters
from mana_errors.ingest.guard import Guard

# Between requests: SDKs flush every few seconds and should find their connection open.
IDLE_S: Final = 30.0
# From a request's first byte to the end of its head, which every honest client sends at once.
HEAD_S: Final = 10.0
# From a request's first byte to its last: 1 MiB at 20 KB/s, slower than any mobile network.
REQUEST_S: Final = 60.0
# How often a connection is looked at; what it may take is exceeded by up to so much.
LOOK_S: Final = 5.0
# Least of a body in LOOK_S: 500 bytes a second, below what GPRS does. It is asked for from the
# second look on, so that a phone may change its cell meanwhile.
MIN_BODY_BYTES: Final = 2500


class _Phase(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    # the client waits for us
    WORK = auto()


class Watch:
    """One connection's clock. Call idle() when it is made and stop() when it is lost."""

    __slots__ = (
        "_began",
        "_close",
        "_guard",
        "_heard",
        "_held_up",
        "_loop",
        "_phase",
        "_request_s",
        "_slow",
        "_timer",
        "since",
    )

    def __init__(
        self,
        guard: Guard,
        loop: asyncio.AbstractEventLoop,
        close: Callable[[], None],
        held_up: Callable[[], bool] | None = None,
    ) -> None:
        """held_up: whether it is us who do not read the body now; given for connections whose
        requests may be of any length."""
        self._guard = guard
        self._loop = loop
        self._close = close
        self._held_up = held_up
        self._request_s = REQUEST_S if held_up is None else math.inf
        self._heard = 0
        self._slow = False
        self.since = self._began = loop.time()
        self._phase = _Phase.IDLE
        self._timer = loop.call_later(LOOK_S, self._look)

    def idle(self) -> None:
        """The client has its answer, or has said nothing yet."""
        if self._timer.cancelled():
            # It left while we worked.
            return
        self._phase = _Phase.IDLE
        self.since = self._loop.time()
        self._guard.waits(self)

    def begins(self) -> None:
        """The first byte of a request came."""
        if self._phase is _Phase.IDLE:
            self._phase = _Phase.HEAD
            self._began = self._loop.time()

    def has_head(self) -> None:
        """A request's head is whole."""
        self._phase = _Phase.BODY
        self._heard, self._slow = 0, False
        self._guard.waits_no_more(self)

    def hears(self, size: int) -> None:
        """Bytes of a body came."""
        self._heard += size

    def works(self) -> None:
        """A request is whole."""
        self._phase = _Phase.WORK

    def stop(self) -> None:
        """The connection is lost, or another watch takes over."""
        self._timer.cancel()
        self._guard.waits_no_more(self)

    def shed(self) -> None:
        """Another connection needs the place."""
        self._close()

    def _look(self) -> None:
        if self._is_over():
            meters.protected.labels("slow").inc(self._phase is not _Phase.IDLE)
            self._guard.waits_no_more(self)
            self._close()
            return
        self._timer = self._loop.call_later(LOOK_S, self._look)

    def _is_over(self) -> bool:
        now = self._loop.time()
        if self._phase is _Phase.IDLE:
            return now - self.since >= IDLE_S
        age = now - self._began
        if self._phase is _Phase.HEAD:
            return age >= HEAD_S
        return self._phase is _Phase.BODY and (age >= self._request_s or self._drips())

    def _drips(self) -> bool:
        """Whether this look and the last one found less than is asked for."""
        slow = self._heard < MIN_BODY_BYTES and not (self._held_up and self._held_up())
        was_slow, self._slow = self._slow, slow
        self._heard = 0
        return slow and was_slow
