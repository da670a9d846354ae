"""The server's answer -> what becomes of each report of a batch."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Final, List, NamedTuple, Optional, cast

from mana_errors_sdk.transport import Answer

# The server's own longest: it says at most an hour.
MAX_RETRY_AFTER_S: Final = 3600.0
TOO_LARGE: Final = 413
_RATE_LIMITED: Final = 429
# Passing troubles of servers and of what stands in front of them.
_RETRIED: Final = frozenset({408, 425, _RATE_LIMITED})
_SERVER_ERROR: Final = 500
# What a firewall does not let pass once it never will: kept, it would hold up the others.
_WALLS: Final = frozenset({400, 403, TOO_LARGE})


class Verdict(NamedTuple):
    """What to do with a batch."""

    # indexes of reports to be sent again; all others are done with
    again: List[int]
    # the server takes none of the others
    is_refused: bool = False
    # the batch must be cut, or its only report be dropped
    is_too_much: bool = False
    # the server asked for a pause of so many seconds
    retry_after_s: Optional[float] = None
    is_rate_limited: bool = False
    # the server works: the next batch may follow at once
    is_healthy: bool = True
    # False: a page of a proxy, a captive portal or another server, and no passing trouble
    is_ours: bool = True


def judge(answer: Answer, count: int) -> Verdict:
    """The verdict on a batch of `count` reports."""
    status, said = answer.status, _said(answer.body)
    everything = list(range(count))
    is_passing = status in _RETRIED or status >= _SERVER_ERROR
    is_ours = "success" in said
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's success
        results = _results(said, count)
        if results is not None:
            return _of_results(results)
    elif status == TOO_LARGE or (status in _WALLS and not is_ours):
        return Verdict(everything, is_too_much=True, is_ours=is_ours)
    elif is_ours and not is_passing:
        return Verdict([], is_refused=True)
    # Nothing is known to be stored.
    return Verdict(
        everything,
        retry_after_s=_seconds(answer.retry_after),
        is_rate_limited=status == _RATE_LIMITED,
        is_healthy=False,
        is_ours=is_ours or is_passing,
    )


def _of_results(results: List[bool]) -> Verdict:
    """Reports that failed beside others that did not may have met a rate limit: they are sent once
    more, by themselves. An answer in which nothing succeeded is final."""
    failed = [index for index, success in enumerate(results) if not success]
    if len(failed) == len(results):
        return Verdict([], is_refused=bool(failed))
    return Verdict(failed)


def _said(body: bytes) -> Dict[str, Any]:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("Dict[str, Any]", said) if isinstance(said, dict) else {}


def _results(answer: Dict[str, Any], count: int) -> Optional[List[bool]]:
    results = answer.get("results")
    if isinstance(results, list):
        items = cast("List[Any]", results)
        return [_succeeded(item) for item in items] if len(items) == count else None
    # The contract alone does not say which failed: they count as done.
    is_done = answer.get("success") is True and answer.get("total") == count
    return [True] * count if is_done else None


def _succeeded(result: Any) -> bool:
    return isinstance(result, dict) and cast("Dict[str, Any]", result).get("success") is True


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
