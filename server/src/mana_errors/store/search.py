"""Search tree -> condition in SQL. Whatever a stranger wrote becomes a value, never SQL."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from mana_errors.errors import BadRequest
from mana_errors.model.event import Environment
from mana_errors.model.facets import pair
from mana_errors.model.issue import IssueStatus
from mana_errors.model.principal import Apps
from mana_errors.model.search import (
    Ago,
    AllOf,
    AnyOf,
    Compare,
    Day,
    Match,
    Not,
    Operator,
    Pattern,
    Search,
    Subject,
    Text,
    all_of,
    any_of,
    field_named,
)
from mana_errors.model.search.fields import ME, NOBODY, TAG
from mana_errors.store.filters import Condition
from mana_errors.store.queries import load

_SQL: Final = load("search")

Term = Text | Match | Compare

_EVERYTHING: Final[Condition] = ("true", ())
_NOTHING: Final[Condition] = ("false", ())
_STATUSES: Final = frozenset(IssueStatus)
_STAGES: Final = frozenset(Environment)
# Fields with an index of events, those that leave fewest first.
SELECTIVE: Final = ("fingerprint", "user", "code")
_BY_INDEX: Final = (*SELECTIVE, "environment", "severity")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SEVERITY: Final = "{}::text::error_logs.error_severity"


def issue_condition(search: Search, me: UUID | None) -> Condition:
    """What holds for a row of error_logs.issues. `me` is the member who asks."""
    return _condition(search, lambda term: _issue_term(term, me))


def event_condition(search: Search) -> Condition:
    """What holds for a row e of error_logs.error_logs."""
    return _condition(search, _event_term)


def apps_asked_for(search: Search) -> tuple[str, ...]:
    """Apps that alone can have what is searched; none: any may."""
    for part in search.parts if isinstance(search, AllOf) else (search,):
        either = part.parts if isinstance(part, AnyOf) else (part,)
        names = [
            term.pattern.exact for term in either if isinstance(term, Match) and term.field == "app"
        ]
        known = [name for name in names if name is not None]
        if len(known) == len(either):
            return tuple(dict.fromkeys(known))
    return ()


def seen_by(search: Search, apps: Apps) -> Search:
    """The same, of the apps that somebody sees."""
    if apps is None:
        return search
    return all_of([any_of(Match("app", Pattern((app,))) for app in sorted(apps)), search])


def indexed_part(search: Search) -> Match | Compare | None:
    """The part of a search of events that an index answers in the order of time, and that leaves
    the fewest; None without one. Apps are looked at elsewhere."""
    parts = search.parts if isinstance(search, AllOf) else (search,)
    for field in _BY_INDEX:
        for part in parts:
            is_equal = isinstance(part, Compare) and part.operator is Operator.EQUAL
            is_exact = isinstance(part, Match) and part.pattern.exact is not None
            if isinstance(part, Match | Compare) and part.field == field and (is_equal or is_exact):
                return part
    return None


def like(pattern: Pattern) -> str:
    """A pattern of LIKE: our * is its %, and its own signs stand for themselves."""
    return "%".join(
        piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        for piece in pattern.pieces
    )


def _condition(search: Search, of_term: Callable[[Term], Condition]) -> Condition:
    if isinstance(search, AllOf | AnyOf):
        word = " AND " if isinstance(search, AllOf) else " OR "
        parts = [_condition(part, of_term) for part in search.parts]
        # All of nothing holds, any of nothing does not.
        nothing = _EVERYTHING[0] if isinstance(search, AllOf) else _NOTHING[0]
        sql = word.join(part for part, _ in parts) if parts else nothing
        return f"({sql})", tuple(value for _, values in parts for value in values)
    if isinstance(search, Not):
        sql, values = _condition(search.part, of_term)
        # Of what is not given, neither yes nor no is known: it does not have the value.
        return f"({sql}) IS NOT TRUE", values
    return of_term(search)


def _issue_term(term: Term, me: UUID | None) -> Condition:
    if isinstance(term, Text):
        pattern = f"%{like(term.pattern)}%"
        return _SQL["issue_text"], (pattern, pattern.lower())
    if isinstance(term, Compare):
        return _ISSUE_COMPARED[term.field](term)
    return _issue_match(term, me)


def _issue_match(term: Match, me: UUID | None) -> Condition:
    if term.field == "user":
        return _user(term.pattern.exact)
    if term.field == "assigned":
        return _assigned(term.pattern.exact, me)
    if term.field == "app":
        return _matched("app_id", term.pattern)
    if term.field == "fingerprint":
        return _SQL["issue_fingerprint"], (like(term.pattern),)
    return _facet(term.field, term.pattern)


def _user(who: str | None) -> Condition:
    return ("users > 0", ()) if who is None else (_SQL["issue_user"], (who,))


def _facet(name: str, pattern: Pattern) -> Condition:
    if pattern.exact is None:
        return _SQL["issue_facet_like"], (like(Pattern((pair(name, ""),))) + like(pattern),)
    value = pattern.exact
    if name == "path" and len(value) > 1:
        value = value.rstrip("/")
    return _SQL["issue_facet"], (pair(name, value),)


def _assigned(who: str | None, me: UUID | None) -> Condition:
    if who is None:
        return "assignee IS NOT NULL", ()
    if who == NOBODY:
        return "assignee IS NULL", ()
    if who == ME:
        return _NOTHING if me is None else ("assignee = {}", (me,))
    return _SQL["issue_assigned"], (who.lower(),)


def _is(term: Compare) -> Condition:
    if term.value in _STATUSES:
        return "status = {}::text::error_logs.issue_status", (term.value,)
    return _SQL[f"issue_is_{term.value}"], ()


def _number(column: str) -> Callable[[Compare], Condition]:
    return lambda term: (f"{column} {term.operator or '='} {{}}", (term.value,))


def _severity(column: str) -> Callable[[Compare], Condition]:
    return lambda term: (f"{column} {term.operator or '='} {_SEVERITY}", (term.value,))


def _time(column: str) -> Callable[[Compare], Condition]:
    def condition(term: Compare) -> Condition:
        if isinstance(term.value, Day):
            return _on_day(column, term.operator, term.value.date)
        if isinstance(term.value, Ago):
            ago = timedelta(**{_UNITS[term.value.unit]: term.value.amount})
            return f"{column} {term.operator or '='} now() - {{}}::interval", (ago,)
        return f"{column} {term.operator or '='} {{}}", (term.value,)

    return condition


def _on_day(column: str, operator: Operator, day: date) -> Condition:
    start = datetime.combine(day, time(), UTC)
    # Of the last day that the calendar has, nothing comes after the end.
    end = start + timedelta(days=1) if day < date.max else datetime.max.replace(tzinfo=UTC)
    if operator is Operator.EQUAL:
        return f"({column} >= {{}} AND {column} < {{}})", (start, end)
    if operator in {Operator.OVER, Operator.TO}:
        return f"{column} {'>=' if operator is Operator.OVER else '<'} {{}}", (end,)
    return f"{column} {operator} {{}}", (start,)


_ISSUE_COMPARED: Final[dict[str, Callable[[Compare], Condition]]] = {
    "is": _is,
    "severity": _severity("severity"),
    "count": _number("count"),
    "users": _number("users"),
    "first": _time("first_seen"),
    "last": _time("last_seen"),
}
_ENVIRONMENT: Final = "COALESCE(e.environment_name, e.environment::text)"
_VALUES: Final = {
    "environment": _ENVIRONMENT,
    "severity": "e.severity::text",
    "path": _SQL["event_path_value"],
}
_EVENT_COLUMNS: Final = {
    "app": "e.app_id",
    "user": "e.user_id",
    "release": "e.release",
    "type": "e.error_type",
    "code": "e.error_code",
    "method": "e.request_method",
    "status": "e.response_status_code::text",
    "service": "e.service_name",
    "fingerprint": "e.fingerprint",
}


def _event_term(term: Term) -> Condition:
    if isinstance(term, Text):
        return _SQL["event_text"], (f"%{like(term.pattern)}%",)
    if isinstance(term, Compare):
        return _severity("e.severity")(term)
    if term.field == "environment":
        return _environment(term.pattern)
    if term.field == "path":
        return f"{_SQL['event_path_value']} LIKE ANY ({{}}::text[])", (_paths(term.pattern),)
    if term.field.startswith(TAG):
        sql, values = _matched("(e.tags ->> {})", term.pattern)
        return sql, (term.field.removeprefix(TAG), *values)
    return _matched(_EVENT_COLUMNS[term.field], term.pattern)


def event_value(field: str) -> Condition:
    """A field's value as text, of a row e. Raises BadRequest for what is no field of events."""
    known = field_named(field)
    if known is None or Subject.EVENTS not in known.subjects:
        raise BadRequest(f"by: events have no field {field!r}")
    if known.name.startswith(TAG):
        return "(e.tags ->> {})", (known.name.removeprefix(TAG),)
    return _VALUES.get(known.name) or _EVENT_COLUMNS[known.name], ()


def _matched(column: str, pattern: Pattern) -> Condition:
    if pattern.is_anything:
        return f"{column} IS NOT NULL", ()
    if pattern.exact is None:
        return f"{column} LIKE {{}}", (like(pattern),)
    return f"{column} = {{}}", (pattern.exact,)


def _environment(pattern: Pattern) -> Condition:
    """By the name that the app uses, which is the contract's stage where no other is kept."""
    exact = pattern.exact
    if exact is not None and exact in _STAGES:
        stage = "e.environment = {}::text::error_logs.error_environment"
        return f"({stage} AND e.environment_name IS NULL)", (exact,)
    if exact is not None:
        return "e.environment_name = {}", (exact,)
    return _matched(_ENVIRONMENT, pattern)


def _paths(pattern: Pattern) -> list[str]:
    """Patterns of a path and of what is below it; <id> is how issues write what changes."""
    text = like(pattern).replace("<id>", "%")
    return [text, f"{text.rstrip('/')}/%"]
