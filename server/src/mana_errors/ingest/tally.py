"""Counts what ingest refuses, and sends the counts through the spool into the ledger.

An event that is accepted is counted when it is digested; so every event that was received is
counted once, whatever became of it.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mana_errors import meters
from mana_errors.errors import (
    ClientError,
    Forbidden,
    OverQuota,
    SpoolUnavailable,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnknownApp,
)
from mana_errors.model.app import Directory
from mana_errors.model.event import Protocol
from mana_errors.model.outcome import Outcome, OutcomeCount, Refusals
from mana_errors.store.spool.format import encode_refusals
from mana_errors.store.spool.writer import SpoolWriter

FLUSH_S: Final = 1.0
# Lines that wait in memory while the spool refuses: an hour of 200 apps. Beyond it minutes become
# hours, so that apps, outcomes and hours bound them.
MAX_LINES: Final = 50_000
# Of one record, which stays far below the spool's largest.
MAX_LINES_PER_RECORD: Final = 10_000
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600

# app, outcome, first second of the minute
_Line = tuple[str, Outcome, int]


def outcome_of(error: BaseException) -> Outcome:
    """What became of an event that ended with this."""
    for kinds, outcome in _OUTCOMES:
        if isinstance(error, kinds):
            return outcome
    return Outcome.UNAVAILABLE


# The first that fits.
_OUTCOMES: Final[tuple[tuple[type[ClientError] | tuple[type[ClientError], ...], Outcome], ...]] = (
    (TooLarge, Outcome.TOO_LARGE),
    (OverQuota, Outcome.QUOTA),
    (TooManyRequests, Outcome.RATE_LIMITED),
    (UnknownApp, Outcome.UNKNOWN_APP),
    ((Unauthorized, Forbidden), Outcome.UNAUTHORIZED),
    (ClientError, Outcome.INVALID),
)


class Tally:
    """The counts of one worker."""

    def __init__(
        self, spool: SpoolWriter, directory: Callable[[], Directory], now: Callable[[], datetime]
    ) -> None:
        self._spool = spool
        self._directory = directory
        self._now = now
        self._lines: dict[_Line, int] = {}
        self._received = {kind: meters.Tally(meters.received.labels(kind)) for kind in Protocol}
        self._meters = {kind: meters.Tally(meters.outcomes.labels(kind)) for kind in Outcome}

    def accepted(self, count: int, protocol: Protocol = Protocol.NATIVE) -> None:
        """Events that are durable; the digest tells the ledger."""
        self._received[protocol].inc(count)
        self._meters[Outcome.ACCEPTED].inc(count)

    def refused(
        self,
        app_id: str,
        outcome: Outcome,
        count: int = 1,
        *,
        protocol: Protocol = Protocol.NATIVE,
    ) -> None:
        """Events of an app that ended here. An app that is not registered counts as unknown."""
        self._received[protocol].inc(count)
        self.lost(app_id, outcome, count)

    def lost(self, app_id: str, outcome: Outcome, count: int) -> None:
        """Events that ended before they came here, as the app's client says."""
        self._meters[outcome].inc(count)
        second = int(self._now().timestamp())
        unit = _MINUTE_S if len(self._lines) < MAX_LINES else _HOUR_S
        known = app_id if app_id in self._directory().apps else ""
        self._add((known, outcome, second - second % unit), count)

    async def run(self, stopping: asyncio.Event) -> None:
        """Send the counts once a second until told to stop."""
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), FLUSH_S)
            if self._spool.refusal() is None:
                self.flush()

    def flush(self) -> None:
        """Hand the counts to the spool; they come back if it does not take them. What it does not
        take when the worker leaves is lost, but for the meters."""
        lines, self._lines = list(self._lines.items()), {}
        for start in range(0, len(lines), MAX_LINES_PER_RECORD):
            part = lines[start : start + MAX_LINES_PER_RECORD]
            record = encode_refusals(Refusals([_count(line, count) for line, count in part]))
            self._spool.append([record], partial(self._sent, part))

    def _sent(self, lines: list[tuple[_Line, int]], refusal: SpoolUnavailable | None) -> None:
        if refusal is not None:
            for line, count in lines:
                self._add(line, count)

    def _add(self, line: _Line, count: int) -> None:
        self._lines[line] = self._lines.get(line, 0) + count


def _count(line: _Line, count: int) -> OutcomeCount:
    app_id, outcome, second = line
    return OutcomeCount(app_id, outcome, datetime.fromtimestamp(second, UTC), count)
