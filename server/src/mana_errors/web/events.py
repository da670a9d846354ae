"""Events of a search: over time, by a field, and one by one."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest, SearchSyntax
from mana_errors.model.exploring import Histogram, HistogramQuery
from mana_errors.model.query import in_utc, parse_query
from mana_errors.model.reading import EventSummary, Page, Tick
from mana_errors.model.search import FIELDS, Subject, term_of, toggled, write_search
from mana_errors.store import event_counts, read_events, read_issues
from mana_errors.web.visit import Visit

# Hours -> word: stretches of time that end now.
SPANS: Final = {1: "span_hour", 24: "span_day", 168: "span_week", 720: "span_month"}
DEFAULT_SPAN: Final = 24
# What events are counted by, beside tags that one types.
GROUPS: Final = ("environment", "release", "type", "app", "user", "status", "path", "tag.browser")
# Columns beside the time, by their names in exports, and their words.
COLUMNS: Final = {
    "severity": "severity",
    "appId": "app",
    "errorType": "type",
    "errorCode": "code_field",
    "message": "message",
    "environment": "environment",
    "release": "release",
    "userId": "user",
    "requestMethod": "method_field",
    "requestUrl": "request",
    "responseStatusCode": "http_status",
    "serviceName": "service",
    "sourceType": "source",
    "weight": "weight",
    "fingerprint": "fingerprint",
}
DEFAULT_COLUMNS: Final = (
    *("severity", "appId", "errorType", "message", "environment", "release", "userId"),
    "requestUrl",
)
_ATTRIBUTES: Final = dict(
    zip(EventSummary.__struct_encode_fields__, EventSummary.__struct_fields__, strict=True)
)
_FIELDS: Final = [
    (field.name, field.choices) for field in FIELDS if Subject.EVENTS in field.subjects
]
# 2026-01-31T12:00, as a field of a form gives it, and with seconds.
_MINUTE_CHARS: Final = 16
_SECOND_CHARS: Final = 19


class _Asked(NamedTuple):
    """What the page is asked for."""

    query: HistogramQuery
    # None: from and to were given
    hours: int | None
    columns: tuple[str, ...]


async def show(visit: Visit) -> Response:
    """Raises BadRequest for times that make no sense and columns that there are not."""
    query, hours, columns = _asked_for(visit)
    seen = visit.principal.apps
    wrong: SearchSyntax | None = None
    page, counted = Page[EventSummary]([], None), None
    async with visit.reader.connection() as connection:
        apps = await read_issues.list_apps(connection, seen)
        try:
            page = await read_events.list_events(connection, query, seen)
            counted = await event_counts.count_events(connection, query, seen)
        except SearchSyntax as error:
            wrong = error
    values = {
        "query": query,
        "hours": hours,
        "spans": SPANS.items(),
        "groups": list(dict.fromkeys((*GROUPS, query.by))),
        "all_columns": COLUMNS,
        "columns": columns or DEFAULT_COLUMNS,
        "attributes": _ATTRIBUTES,
        "wrong": wrong,
        "page": page,
        "counted": counted,
        "ticks": [Tick(one.at, one.count) for one in counted.buckets] if counted else [],
        "values": _values(visit, query, counted) if counted else [],
        "fields": [*_FIELDS, ("app", apps)],
        "exports": [(kind, _export(visit, query, columns, kind)) for kind in ("csv", "jsonl")],
        "more": visit.next_page(page.next),
    }
    return visit.page("events.html", values, 400 if wrong else 200)


def _asked_for(visit: Visit) -> _Asked:
    asked = dict(visit.asked)
    rest = [
        (name, _zoned(value) if name in {"from", "to"} else value)
        for name, value in visit.asked
        if name not in {"hours", "columns"}
    ]
    query = parse_query(HistogramQuery, rest)
    columns = tuple(value for name, value in visit.asked if name == "columns" and value)
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise BadRequest(f"columns: there is no {unknown[0]!r}")
    hours = _hours(asked.get("hours", ""))
    if hours is None and (query.since or query.until):
        until = in_utc(query.until) if query.until else None
        start = (until or datetime.now(UTC)) - timedelta(hours=DEFAULT_SPAN)
        since = in_utc(query.since) if query.since else start
        query = msgspec.structs.replace(query, since=since, until=until)
        return _Asked(query, None, columns)
    hours = hours or DEFAULT_SPAN
    since = datetime.now(UTC) - timedelta(hours=hours)
    return _Asked(msgspec.structs.replace(query, since=since, until=None), hours, columns)


def _hours(text: str) -> int | None:
    hours = int(text) if text.isascii() and text.isdecimal() else 0
    return hours if hours in SPANS else None


def _zoned(text: str) -> str:
    """Fields of forms give times without a zone: ours say UTC."""
    whole = f"{text}:00" if len(text) == _MINUTE_CHARS else text
    return f"{whole}Z" if len(whole) == _SECOND_CHARS else whole


def _values(visit: Visit, query: HistogramQuery, counted: Histogram) -> list[tuple[str, int, str]]:
    """Values with their counts, and the search with each."""
    search = HistogramQuery(q=query.q).search()
    found: list[tuple[str, int, str]] = []
    for one in counted.values:
        term = term_of(query.by, one.value)
        path = _path(visit, {"q": write_search(toggled(search, term))})
        found.append((one.value, one.count, path))
    return found


def _path(visit: Visit, changed: dict[str, str]) -> str:
    kept = [(name, value) for name, value in visit.asked if name not in {"cursor", *changed}]
    return f"/events?{urlencode([*changed.items(), *kept])}"


def _export(visit: Visit, query: HistogramQuery, columns: tuple[str, ...], kind: str) -> str:
    own = {"hours", "columns", "by", "from", "to", "cursor", "limit"}
    kept = [(name, value) for name, value in visit.asked if name not in own and value]
    times = [("from", query.since), ("to", query.until)]
    more = [(name, time.isoformat()) for name, time in times if time]
    chosen = [("columns", ",".join(("occurredAt", *columns)))] if columns else []
    return f"/api/v1/events/export?{urlencode([*kept, *more, *chosen, ('format', kind)])}"
