"""The server's answer -> what becomes of each report of a batch."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import Any, Final, List, NamedTuple, Optional, cast

from mana_errors_sdk.transport import Answer

# The server's own longest: it says at most an hour.
MAX_RETRY_AFTER_S: Final = 3600.0
_TOO_LARGE: Final = 413
_RATE_LIMITED: Final = 429
# Passing troubles of servers and of what stands in front of them.
_RETRIED: Final = frozenset({408, 425, _RATE_LIMITED})
_SERVER_ERROR: Final = 500


class Verdict(NamedTuple):
    """What to do with a batch."""

    # indexes of reports to be sent again; all others are done with
    again: List[int]
    # of the others: how many the server refused for good
    refused: int = 0
    # the batch must be cut, or its only report be dropped
    too_large: bool = False
    # the server asked for a pause of so many seconds
    retry_after_s: Optional[float] = None
    is_rate_limited: bool = False
    # the server works: the next batch may follow at once
    is_healthy: bool = True


def judge(answer: Answer, count: int) -> Verdict:
    """The verdict on a batch of `count` reports."""
    everything = list(range(count))
    if answer.status == _TOO_LARGE:
        return Verdict(everything, too_large=True)
    if answer.status in _RETRIED or answer.status >= _SERVER_ERROR:
        return Verdict(
            everything,
            retry_after_s=_seconds(answer.retry_after),
            is_rate_limited=answer.status == _RATE_LIMITED,
            is_healthy=False,
        )
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success
        return Verdict([], refused=count)
    results = _results(answer.body)
    if results is None or len(results) != count:
        # Not our server's words: a proxy's page, a captive portal. Nothing is known to be stored.
        return Verdict(everything, is_healthy=False)
    return _of_results(results)


def _of_results(results: List[bool]) -> Verdict:
    """Reports that failed beside others that did not may have met a rate limit: they are sent once
    more, by themselves. An answer in which nothing succeeded is final."""
    failed = [index for index, success in enumerate(results) if not success]
    if len(failed) == len(results):
        return Verdict([], refused=len(failed))
    return Verdict(failed)


def _results(body: bytes) -> Optional[List[bool]]:
    try:
        said: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    answer = cast("dict[str, Any]", said)
    results, total = answer.get("results"), answer.get("total")
    if isinstance(results, list):
        items = cast("List[Any]", results)
        return [_succeeded(item) for item in items]
    # The contract alone does not say which failed: they count as done.
    if answer.get("success") is True and isinstance(total, int):
        return [True] * total
    return None


def _succeeded(result: Any) -> bool:
    return isinstance(result, dict) and cast("dict[str, Any]", result).get("success") is True


def _seconds(header: Optional[str]) -> Optional[float]:
    """Retry-After in seconds, as a number or as a date."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    # in this order NaN is 0, too
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)
