"""What a search of issues says of one, as far as a fold's delta tells: yes, no or unknown. Pure.

Only what is unknown has to be asked of PostgreSQL (store/search.py), whose answers these are.
"""

import operator
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

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
from mana_errors.model.search.fields import NEW

# Of `is:new` (store/sql/search.sql).
_NEW_FOR: Final = timedelta(hours=24)
_COMPARED: Final[dict[Operator, Callable[[int, int], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.OVER: operator.gt,
    Operator.FROM: operator.ge,
    Operator.UNDER: operator.lt,
    Operator.TO: operator.le,
}


class Seen(msgspec.Struct, frozen=True, eq=False, gc=False):
    """An issue that a delta grows, or makes."""

    delta: Delta
    # the worst ever
    severity: Severity
    is_new: bool
    now: datetime


def judge(search: Search, seen: Seen) -> bool | None:
    """Whether a search finds the issue."""
    match search:
        case Compare():
            return _compare(search, seen)
        case Match():
            return _match(search, seen.delta)
        case AllOf(parts):
            return _all(judge(part, seen) for part in parts)
        case AnyOf(parts):
            return _not(_all(_not(judge(part, seen)) for part in parts))
        case Not(part):
            return _not(judge(part, seen))
        case Text(pattern):
            # What is not in these words may be in those of an event before.
            delta = seen.delta
            text = f"{delta.title} {delta.culprit} {delta.error_type} {delta.fingerprint}"
            return _holds(pattern, text, anywhere=True) or None


def floor(search: Search) -> int:
    """The rank of the least severity that an issue needs to be found."""
    parts = search.parts if isinstance(search, AllOf) else (search,)
    return max((_floor(part) for part in parts if isinstance(part, Compare)), default=0)


def _floor(term: Compare) -> int:
    if not isinstance(term.value, Severity) or term.operator in {Operator.UNDER, Operator.TO}:
        return 0
    return term.value.rank + (term.operator is Operator.OVER)


def _not(value: bool | None) -> bool | None:  # noqa: FBT001 - it is what is negated
    return None if value is None else not value


def _all(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return False if False in found else None if None in found else True


def _match(term: Match, delta: Delta) -> bool | None:
    """What its events have, the issue has; what they have not, others of it may have."""
    if term.field == "app":
        return _holds(term.pattern, delta.app_id)
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


def _holds(pattern: Pattern, text: str, *, anywhere: bool = False) -> bool:
    """As LIKE has it; anywhere within the text, in any case, as ILIKE has it."""
    pieces = list(pattern.pieces)
    if anywhere:
        text, pieces = text.lower(), ["", *map(str.lower, pieces), ""]
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _compare(term: Compare, seen: Seen) -> bool | None:
    if isinstance(term.value, Severity):
        return _COMPARED[term.operator](seen.severity.rank, term.value.rank)
    if not seen.is_new:
        return None
    if term.field == "count" and isinstance(term.value, int):
        return _COMPARED[term.operator](seen.delta.count, term.value)
    if term.field == "is":
        if term.value == NEW:
            return seen.delta.first_seen > seen.now - _NEW_FOR
        # of a new issue nothing else has become yet
        return term.value == IssueStatus.UNRESOLVED
    return None
