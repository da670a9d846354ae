"""One issue with one of its events, all its events, and what is done about it."""

from typing import Final
from uuid import UUID

import msgspec
from starlette.responses import Response

from mana_errors.errors import NotFound
from mana_errors.model.fix import Fix
from mana_errors.model.issue import IssueStatus
from mana_errors.model.principal import Apps
from mana_errors.model.query import IssueEventQuery, PageQuery, parse_query
from mana_errors.model.reading import EventDetail, Issue
from mana_errors.store import activity, fixes, issue_facts, read_events, read_issues, workflow
from mana_errors.store.db import Connection
from mana_errors.web import alerts, event_text
from mana_errors.web.charts import release_markers
from mana_errors.web.event import CRUMBS_SHOWN, show_event
from mana_errors.web.render import render_text
from mana_errors.web.visit import Visit

# The latest; a page of an issue is no archive.
ENTRIES_SHOWN: Final = 50


async def show(visit: Visit) -> Response:
    """The issue with its latest event. Raises NotFound for one of a foreign app."""
    return await _show(visit, None)


async def show_with(visit: Visit) -> Response:
    """The issue with the event that the path names. Raises NotFound."""
    return await _show(visit, id_of(visit, "event"))


async def _show(visit: Visit, event_id: UUID | None) -> Response:
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        issue = await read_issues.describe_issue(connection, id_of(visit), seen)
        wanted = event_id or issue.latest_event_id
        event = await read_events.find_event(connection, wanted, seen) if wanted else None
        if event is not None and event.issue_id != issue.id:
            raise NotFound("the event is of another issue")
        hashes = issue.hashes
        around = (
            await issue_facts.neighbours_of(connection, event, issue, hashes) if event else None
        )
        window = await issue_facts.latest(connection, issue, hashes)
        distribution = await issue_facts.tags_of(connection, window)
        people = await issue_facts.users_of(connection, window)
        releases = await issue_facts.releases_of(connection, hashes)
        fix = await _fix(connection, issue, seen)
        merged = len(hashes) > 1
        groups = await read_issues.groups_of(connection, issue.id, seen) if merged else []
        entries = await activity.listed(connection, issue.id, PageQuery(limit=ENTRIES_SHOWN), seen)
        assignees = await workflow.assignees(connection, [issue.app])
        fired, channels = await alerts.of_issue(visit, connection, issue.id)
    values = {
        "issue": issue,
        "event": event,
        "shown": show_event(event) if event else None,
        "latest": event_id in {None, issue.latest_event_id},
        "crumbs_shown": CRUMBS_SHOWN,
        "condition": msgspec.to_builtins(issue.condition),
        "fix": fix,
        "around": around,
        "distribution": distribution,
        "releases": releases,
        "people": people,
        "markers": release_markers(issue.trend.days, releases),
        "groups": groups,
        "entries": entries.items,
        "me": visit.actor.name,
        "assignees": assignees,
        "fired": fired,
        "channels": channels,
    }
    return visit.page("issue.html", values)


async def _fix(connection: Connection, issue: Issue, apps: Apps) -> Fix | None:
    """Whether the fix works; None for what is not resolved, or was by an older release of ours,
    which did not write down how."""
    if issue.status is not IssueStatus.RESOLVED:
        return None
    try:
        return await fixes.fix_of(connection, issue.id, apps)
    except NotFound:
        return None


async def show_events(visit: Visit) -> Response:
    """The issue's events, newest first."""
    query = parse_query(IssueEventQuery, visit.asked)
    async with visit.reader.connection() as connection:
        issue, hashes = await read_issues.find_with_hashes(
            connection, id_of(visit), visit.principal.apps
        )
        page = await read_events.issue_events(connection, issue, hashes, query)
    return visit.page(
        "issue_events.html",
        {"issue": issue, "page": page, "query": query, "more": visit.next_page(page.next)},
    )


async def find_issue_of(visit: Visit) -> Response:
    """From an event's id to its place."""
    event = await _event(visit)
    if event.issue_id is None:
        raise NotFound("the event has no issue yet")
    return visit.go(f"/issues/{event.issue_id}/events/{event.id}")


async def copy_text(visit: Visit) -> Response:
    """The event's stack as text."""
    return render_text(event_text.as_text(await _event(visit)))


async def copy_markdown(visit: Visit) -> Response:
    """The event as Markdown."""
    event = await _event(visit)
    link = f"{visit.site.address(visit.request)}/events/{event.id}"
    return render_text(event_text.as_markdown(event, link))


async def _event(visit: Visit) -> EventDetail:
    async with visit.reader.connection() as connection:
        return await read_events.find_event(connection, id_of(visit), visit.principal.apps)


def id_of(visit: Visit, name: str = "id") -> UUID:
    """An id in the path. Raises NotFound for what is no UUID: nothing can have that name."""
    try:
        return UUID(visit.request.path_params[name])
    except ValueError as error:
        raise NotFound(f"the {name} in the path is no UUID") from error
