"""An app over its quota: refused, but for a trickle of problems that it has not shown since."""

import math
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from mana_errors.config import Settings
from mana_errors.errors import OverQuota
from mana_errors.ingest.limit import Buckets
from mana_errors.ingest.report import Report
from mana_errors.model.app import KnownApp

# An owner may raise the quota meanwhile: nobody shall stay silent for a month.
MAX_RETRY_AFTER_S: Final = 3600
# Unseen problems a second and app that are let in: enough for every new bug of a bad day.
TRICKLE_PER_S: Final = 10
# Problems remembered for one app: an hour and a half of the trickle. From then on all are refused.
MAX_SEEN: Final = 50_000
# Of a message; longer beginnings that are equal are nearly always one problem.
MESSAGE_CHARACTERS: Final = 100

_DIGITS: Final = str.maketrans("", "", "0123456789")


class _Over(msgspec.Struct):
    """What an app has shown since it went over its quota."""

    until: datetime
    seen: set[int]


class Quotas:
    """Decides by the directory's word, which is seconds old."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """now: UTC. clock: seconds, monotonic."""
        self._now = now
        self._clock = clock
        self._rate = TRICKLE_PER_S / settings.workers
        self._trickle = Buckets()
        self._over: dict[str, _Over] = {}

    def take_event(self, app: KnownApp, report: Report) -> None:
        """Raises OverQuota."""
        if app.over_until is None:
            if self._over:
                self._over.pop(app.id, None)
            return
        now = self._now()
        if app.over_until > now and not self._is_new(app.id, app.over_until, report):
            wait = math.ceil((app.over_until - now).total_seconds())
            raise OverQuota(
                f"the app is over its events of the {app.over or 'period'}; see Retry-After",
                min(max(wait, 1), MAX_RETRY_AFTER_S),
            )

    def _is_new(self, app_id: str, until: datetime, report: Report) -> bool:
        over = self._over.get(app_id)
        if over is None or over.until != until:
            over = self._over[app_id] = _Over(until, set())
        problem = _problem(report)
        if problem in over.seen or len(over.seen) >= MAX_SEEN:
            return False
        if self._trickle.take(app_id, self._rate, max(self._rate, 1), self._clock()):
            return False
        over.seen.add(problem)
        return True


def _problem(report: Report) -> int:
    """A cheap stand-in for the grouping hash, which only the digest can make."""
    path = (report.request_url or "").partition("?")[0]
    message = report.message[: 2 * MESSAGE_CHARACTERS].translate(_DIGITS)[:MESSAGE_CHARACTERS]
    path = path.translate(_DIGITS)
    return hash((report.error_code, report.error_type, report.request_method, path, message))
