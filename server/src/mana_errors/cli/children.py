"""Child processes that are started again when they die."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from mana_errors.cli.signals import Signals

# A crash on start costs next to nothing; a loop of them must not fill disk and log.
FIRST_DELAY_S: Final = 0.1
LAST_DELAY_S: Final = 10.0
# A child that lived this long did not die of its start.
SOUND_AFTER_S: Final = 30.0

_log: Final = logging.getLogger(__name__)


class BackOff:
    """How long to wait before the next start."""

    def __init__(self) -> None:
        self._delay_s = FIRST_DELAY_S

    def next_delay(self, lived_s: float) -> float:
        """Doubles with every short life, up to LAST_DELAY_S."""
        if lived_s >= SOUND_AFTER_S:
            self._delay_s = FIRST_DELAY_S
        delay, self._delay_s = self._delay_s, min(self._delay_s * 2, LAST_DELAY_S)
        return delay


class Child:
    """One `python -m module`, with the descriptors it inherits."""

    def __init__(
        self, name: str, module: str, environ: Mapping[str, str], inherits: tuple[int, ...]
    ) -> None:
        self.name = name
        self._command = (sys.executable, "-m", module)
        self._environ = dict(environ)
        self._inherits = inherits
        self._back_off = BackOff()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due = 0.0

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def tend(self, now: float) -> float | None:
        """Start it if it should run and does not. Seconds until it is due, None while it lives."""
        if self.alive():
            return None
        if self._process is not None:
            self._mourn(self._process.returncode, now)
        if now < self._due:
            return self._due - now
        self._start(now)
        return None

    def signal(self, sign: signal.Signals) -> None:
        """Send a signal if it lives."""
        if self._process is not None and self.alive():
            self._process.send_signal(sign)

    def _start(self, now: float) -> None:
        self._started = now
        self._process = subprocess.Popen(  # noqa: S603 our own program
            self._command,
            env=self._environ,
            pass_fds=self._inherits,
            stdin=subprocess.DEVNULL,
            # a terminal's Ctrl-C is for the supervisor, which stops us in order
            process_group=0,
        )
        _log.debug("started", extra={"child": self.name, "child_pid": self._process.pid})

    def _mourn(self, status: int, now: float) -> None:
        self._process = None
        delay = self._back_off.next_delay(now - self._started)
        self._due = now + delay
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        _log.error("died", extra={"child": self.name, "how": how, "restart_in_s": delay})


def stop(children: list[Child], limit_s: float, signals: Signals) -> None:
    """SIGTERM to all; SIGKILL to what is left after the limit, or once asked a second time.

    Killing costs nothing that was acknowledged: it only saves the wait for what is in flight.
    """
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + limit_s
    while left := [child for child in children if child.alive()]:
        remaining = deadline - time.monotonic()
        if signals.hurry or remaining <= 0:
            break
        signals.wait(remaining)
    for child in left:
        _log.warning("killed", extra={"child": child.name, "asked_twice": signals.hurry})
        child.signal(signal.SIGKILL)
