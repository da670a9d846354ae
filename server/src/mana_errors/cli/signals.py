"""Signals as the supervisor needs them: they end a wait, and requests to stop are counted."""

import os
import select
import signal
import time
from types import FrameType
from typing import Final

_STOP: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# A process manager may signal the group and then the process: that is one request.
ONE_REQUEST_S: Final = 0.5
_DRAIN_BYTES: Final = 4096


class Signals:
    """Takes over the signals of the main thread."""

    def __init__(self) -> None:
        self._requests = 0
        self._last_request = -ONE_REQUEST_S
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for sign in _STOP:
            signal.signal(sign, self._on_stop)
        # only to end a wait: a child has died
        signal.signal(signal.SIGCHLD, _nothing)

    @property
    def stop(self) -> bool:
        """Somebody asked us to stop."""
        return self._requests > 0

    @property
    def hurry(self) -> bool:
        """Somebody asked more than once: do not wait for anything."""
        return self._requests > 1

    def wait(self, timeout_s: float | None) -> None:
        """Until a signal comes or the time is over."""
        select.select([self._read], [], [], timeout_s)
        try:
            os.read(self._read, _DRAIN_BYTES)
        except BlockingIOError:
            return

    def wake(self) -> None:
        """End the wait from another thread."""
        os.write(self._write, b"\0")

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last_request >= ONE_REQUEST_S:
            self._requests += 1
        self._last_request = now


def _nothing(_number: int, _frame: FrameType | None) -> None:
    return
