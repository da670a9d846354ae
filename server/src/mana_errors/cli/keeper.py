"""Keeps the embedded PostgreSQL running, in a thread beside the supervisor's own work."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from mana_errors.cli.children import BackOff
from mana_errors.errors import DatabaseUnusable, StoreUnavailable
from mana_errors.store.embedded import EmbeddedPostgres

# How soon its death is noticed; reports are accepted meanwhile.
LOOK_EVERY_S: Final = 0.2

_log: Final = logging.getLogger(__name__)


class Keeper(threading.Thread):
    """Starts it, starts it again when it dies, and stops it at the very end."""

    def __init__(self, postgres: EmbeddedPostgres, wake: Callable[[], None]) -> None:
        super().__init__(name="postgres", daemon=True)
        # why it cannot run until an operator acts
        self.failure: DatabaseUnusable | None = None
        self._postgres = postgres
        self._wake = wake
        self._stopping = threading.Event()

    def run(self) -> None:
        """The thread: until stop(), or until only an operator can help."""
        back_off = BackOff()
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._live()
            except StoreUnavailable as error:
                _log.warning("%s", error)
            except DatabaseUnusable as error:
                self.failure = error
                self._wake()
                return
            self._stopping.wait(back_off.next_delay(time.monotonic() - began))

    def stop(self, *, hard: bool) -> None:
        """Stop PostgreSQL. Nothing else may use it any more."""
        self._stopping.set()
        self.join()
        self._postgres.stop(hard=hard)

    def _live(self) -> None:
        """One life of the postmaster."""
        began = time.monotonic()
        self._postgres.start()
        if not self._postgres.wait_ready(report=_recovering, cancelled=self._stopping):
            return
        took = round(time.monotonic() - began, 3)
        _log.info("PostgreSQL is ready", extra={"pid": self._postgres.pid, "took_s": took})
        while self._postgres.running():
            self._postgres.cap_log()
            if self._stopping.wait(LOOK_EVERY_S):
                return
        raise StoreUnavailable("PostgreSQL died; starting it again.")


def _recovering(last_words: str) -> None:
    _log.info("PostgreSQL is still starting", extra={"last_words": last_words})
