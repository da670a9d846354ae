"""Looking at everything: all apps at a glance, releases, what one user met, events by a search."""

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from mana_errors.errors import SearchSyntax
from mana_errors.model.exploring import Histogram, HistogramQuery, ReleaseQuery
from mana_errors.model.query import parse_query
from mana_errors.model.reading import EventSummary, Page, Tick
from mana_errors.model.search import FIELDS, Subject
from mana_errors.store import event_counts, overview, read_events, read_issues
from mana_errors.web.visit import Visit

# Hours -> word: stretches of time of the search for events.
SPANS: Final = {1: "span_hour", 24: "span_day", 168: "span_week", 720: "span_month"}
# What events are counted by, beside tags that one types.
GROUPS: Final = ("environment", "release", "type", "app", "user", "status", "path", "tag.browser")
_FIELDS: Final = [
    (field.name, field.choices) for field in FIELDS if Subject.EVENTS in field.subjects
]


async def show_overview(visit: Visit) -> Response:
    """The worst apps first, and what rose since yesterday."""
    async with visit.reader.connection() as connection:
        found = await overview.overview(connection, visit.principal.apps)
    return visit.page("overview.html", {"overview": found})


async def show_releases(visit: Visit) -> Response:
    """The newest first."""
    query = parse_query(ReleaseQuery, visit.asked)
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        page = await overview.list_releases(connection, query, seen)
        apps = await read_issues.list_apps(connection, seen)
    values = {"query": query, "page": page, "apps": apps, "more": visit.next_page(page.next)}
    return visit.page("releases.html", values)


async def show_user(visit: Visit) -> Response:
    """What somebody met: asked for by their id."""
    user = visit.request.query_params.get("user", "").strip()
    async with visit.reader.connection() as connection:
        seen = visit.principal.apps
        met = await overview.errors_of_user(connection, user, seen) if user else None
    return visit.page("user.html", {"user": user, "met": met})


async def show_events(visit: Visit) -> Response:
    """Events of a search: over time, by a field, and one by one."""
    asked = dict(visit.asked)
    hours = int(asked["hours"]) if asked.get("hours", "").isdecimal() else 24
    hours = hours if hours in SPANS else 24
    query = parse_query(HistogramQuery, [pair for pair in visit.asked if pair[0] != "hours"])
    if query.since is None:
        since = datetime.now(UTC) - timedelta(hours=hours)
        query = msgspec.structs.replace(query, since=since)
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
        "wrong": wrong,
        "page": page,
        "counted": counted,
        "ticks": _ticks(counted),
        "fields": [*_FIELDS, ("app", apps)],
        "exports": [(kind, _export(query, kind)) for kind in ("csv", "jsonl")],
        "more": visit.next_page(page.next),
    }
    return visit.page("events.html", values, 400 if wrong else 200)


def _ticks(counted: Histogram | None) -> list[Tick]:
    return [Tick(bucket.at, bucket.count) for bucket in counted.buckets] if counted else []


def _export(query: HistogramQuery, kind: str) -> str:
    since = query.since.isoformat() if query.since else ""
    return f"/api/v1/events/export?{urlencode({'q': query.q, 'from': since, 'format': kind})}"
