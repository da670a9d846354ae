"""The list of issues."""

from starlette.responses import Response

from mana_errors.model.issue import IssueStatus
from mana_errors.model.query import IssueQuery, IssueSort, parse_query
from mana_errors.store import read_issues
from mana_errors.web.visit import Visit


async def show_list(visit: Visit) -> Response:
    """Issues of the visitor's apps."""
    query = parse_query(IssueQuery, visit.asked)
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        page = await read_issues.list_issues(connection, query, seen)
        apps = await read_issues.list_apps(connection, seen)
    values = {
        "query": query,
        "page": page,
        "more": visit.next_page(page.next),
        "filtered": any(value for _, value in visit.asked),
        "apps": apps,
        "statuses": [status.value for status in IssueStatus],
        "sorts": [sort.value for sort in IssueSort],
        "origin": visit.site.address(visit.request),
    }
    return visit.page("issues.html", values)
