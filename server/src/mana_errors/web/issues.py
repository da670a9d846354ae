"""The list of issues."""

from urllib.parse import urlencode

from starlette.responses import Response

from mana_errors.model.issue import IssueStatus
from mana_errors.model.query import IssueQuery, IssueSort, parse_query
from mana_errors.store import read_issues
from mana_errors.web.visit import Visit


async def show_list(visit: Visit) -> Response:
    """Issues of the visitor's apps."""
    pairs = visit.request.query_params.multi_items()
    query = parse_query(IssueQuery, pairs)
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        page = await read_issues.list_issues(connection, query, seen)
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
        "sorts": [sort.value for sort in IssueSort],
        "origin": visit.site.address(visit.request),
    }
    return visit.page("issues.html", values)
