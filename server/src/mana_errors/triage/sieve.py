"""What a search of issues says of one, as far as a fold's delta tells: yes, no or unknown. Pure.

Only what is unknown has to be asked of PostgreSQL (store/search.py), whose answers these are.
"""

import operator
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from mana_errors.model.event import Severity
from mana_errors.model.facets import pair
from mana_errors.model.issue import Delta, IssueStatus
from mana_errors.model.search import (
    AllOf,
    AnyOf,
    Compare,
    Match,
    Not,
    Operator,
    Pattern,
    Search,
    Text,
)
from mana_errors.model.search.fields import NEW, REGRESSED

# Of `is:new` (store/sql/search.sql).
_NEW_FOR: Final = timedelta(hours=24)
_COMPARED: Final[dict[Operator, Callable[[int, int], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.OVER: operator.gt,
    Operator.FROM: operator.ge,
    Operator.UNDER: operator.lt,
    Operator.TO: operator.le,
}


def judge(search: Search, delta: Delta, now: datetime, *, is_new: bool) -> bool | None:
    """Whether a search finds the issue that a delta grows, or makes."""
    match search:
        case AllOf(parts):
            return _all(judge(part, delta, now, is_new=is_new) for part in parts)
        case AnyOf(parts):
            parts = (judge(part, delta, now, is_new=is_new) for part in parts)
            return _not(_all(_not(part) for part in parts))
        case Not(part):
            return _not(judge(part, delta, now, is_new=is_new))
        case Match():
            return _match(search, delta)
        case Compare():
            return _compare(search, delta, now, is_new=is_new)
        case Text(pattern):
            # What is not in these words may be in those of an event before.
            text = f"{delta.title} {delta.culprit} {delta.error_type} {delta.fingerprint}"
            return True if _holds(pattern, text.lower(), "*", lower=True) else None


def _not(value: bool | None) -> bool | None:  # noqa: FBT001 - it is what is negated
    return None if value is None else not value


def _all(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return False if False in found else None if None in found else True


def _match(term: Match, delta: Delta) -> bool | None:
    """What its events have, the issue has; what they have not, others of it may have."""
    if term.field == "app":
        return _holds(term.pattern, delta.app_id) or (term.pattern.is_anything)
    if term.field == "fingerprint":
        return _holds(term.pattern, delta.fingerprint) or None
    if term.field in {"type", "environment", "release"}:
        return any(_holds(term.pattern, value) for value in _values(term.field, delta)) or None
    if term.pattern.exact is None or term.field in {"user", "assigned", "path"}:
        return None
    return pair(term.field, term.pattern.exact) in delta.facets or None


def _values(field: str, delta: Delta) -> set[str]:
    if field == "type":
        return {delta.error_type} - {""}
    if field == "release":
        return {rollup.release for rollup in delta.rollups} - {""}
    return {rollup.environment for rollup in delta.rollups} - {""}


def _holds(pattern: Pattern, text: str, around: str = "", *, lower: bool = False) -> bool:
    """As LIKE has it; `around`: anywhere within the text."""
    pieces = [piece.lower() for piece in pattern.pieces] if lower else list(pattern.pieces)
    if around:
        pieces = ["", *pieces, ""]
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end


def _compare(term: Compare, delta: Delta, now: datetime, *, is_new: bool) -> bool | None:
    if isinstance(term.value, Severity):
        return _severity(term.operator, term.value, delta.severity, is_new=is_new)
    if term.field == "count" and is_new and isinstance(term.value, int):
        return _COMPARED[term.operator](delta.count, term.value)
    if term.field == "is" and is_new:
        if term.value == NEW:
            return delta.first_seen > now - _NEW_FOR
        return term.value not in {REGRESSED, IssueStatus.RESOLVED, IssueStatus.IGNORED}
    return None


def _severity(how: Operator, wanted: Severity, worst: Severity, *, is_new: bool) -> bool | None:
    """An issue's severity is that of its worst event: this one's, or worse."""
    if is_new or worst is Severity.CRITICAL:
        return _COMPARED[how](worst.rank, wanted.rank)
    if how in {Operator.OVER, Operator.FROM}:
        return _COMPARED[how](worst.rank, wanted.rank) or None
    too_bad = worst.rank > wanted.rank or (how is Operator.UNDER and worst is wanted)
    return False if too_bad else None
