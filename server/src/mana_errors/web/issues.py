"""The list of issues, and one issue."""

from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from mana_errors.errors import BadRequest, NotFound
from mana_errors.model.action import BY_STATUS
from mana_errors.model.issue import IssueStatus
from mana_errors.model.query import IssueQuery, parse_query
from mana_errors.store import read_events, read_issues, workflow
from mana_errors.web.visit import Visit


async def show_list(visit: Visit) -> Response:
    """Issues of the visitor's apps."""
    pairs = visit.request.query_params.multi_items()
    query = parse_query(IssueQuery, pairs)
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        page = await read_issues.list_issues(connection, query, seen, visit.principal.member_id)
        apps = await read_issues.list_apps(connection, seen)
    given = [(name, value) for name, value in pairs if value]
    more = urlencode(
        [*(pair for pair in given if pair[0] != "cursor"), ("cursor", page.next or "")]
    )
    values = {
        "query": query,
        "page": page,
        "more": f"/?{more}" if page.next else None,
        "filtered": bool(given),
        "apps": apps,
        "statuses": [status.value for status in IssueStatus],
        "origin": visit.site.address(visit.request),
    }
    return visit.page("issues.html", values)


async def show_one(visit: Visit) -> Response:
    """One issue with its latest event. Raises NotFound for one of a foreign app."""
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        issue = await read_issues.describe_issue(connection, id_of(visit), seen)
        event = (
            await read_events.find_event(connection, issue.latest_event_id, seen)
            if issue.latest_event_id
            else None
        )
    return visit.page("issue.html", {"issue": issue, "event": event})


async def change_status(visit: Visit) -> Response:
    """Resolve, reopen or ignore."""
    issue_id = id_of(visit)
    try:
        status = IssueStatus(visit.form.text("status"))
    except ValueError as error:
        raise BadRequest("status: unknown") from error
    async with visit.reader.connection() as connection:
        seen = visit.principal.apps
        await workflow.act(connection, [issue_id], BY_STATUS[status], seen, visit.actor)
    return visit.go(f"/issues/{issue_id}")


def id_of(visit: Visit) -> UUID:
    """The path's {id}. Raises NotFound for what is no UUID: nothing can have that name."""
    try:
        return UUID(visit.request.path_params["id"])
    except ValueError as error:
        raise NotFound("the id in the path is no UUID") from error
