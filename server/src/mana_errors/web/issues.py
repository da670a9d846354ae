"""The list of issues."""

from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from mana_errors.errors import SearchSyntax
from mana_errors.model.query import IssueQuery, IssueSort, parse_query
from mana_errors.model.reading import ListedIssue, Page
from mana_errors.model.search import FIELDS, Subject
from mana_errors.store import read_issues, views, workflow
from mana_errors.web.visit import Visit

# What one comes for: asked for unless something else is.
_OPEN: Final = "is:unresolved"
# Word -> search: one click each.
VIEWS: Final = {
    "view_open": _OPEN,
    "view_new": "is:unresolved is:new",
    "view_regressed": "is:regressed",
    "view_mine": "is:unresolved assigned:me",
    "view_ignored": "is:ignored",
    "view_all": "",
}
# For the completion of searches: name, values.
SEARCH_FIELDS: Final = [
    (field.name, field.choices) for field in FIELDS if Subject.ISSUES in field.subjects
]


def asked_for(visit: Visit) -> IssueQuery:
    """What the list's query asks for. Raises BadRequest."""
    query = parse_query(IssueQuery, visit.asked)
    if {"q", "status"} & {name for name, _ in visit.asked}:
        return query
    return msgspec.structs.replace(query, q=_OPEN)


async def show_list(visit: Visit) -> Response:
    """Issues of the visitor's apps."""
    query = asked_for(visit)
    seen, me = visit.principal.apps, visit.principal.member_id
    wrong: SearchSyntax | None = None
    async with visit.reader.connection() as connection:
        apps = await read_issues.list_apps(connection, seen)
        saved = await views.listed(connection, me)
        try:
            page = await read_issues.list_issues(connection, query, seen, me)
        except SearchSyntax as error:
            wrong, page = error, Page[ListedIssue]([], None)
        shown = sorted({issue.app for issue in page.items})
        assignees = await workflow.assignees(connection, shown)
    values = {
        "query": query,
        "wrong": wrong,
        "page": page,
        "more": visit.next_page(page.next),
        "apps": apps,
        "assignees": assignees,
        "views": [(word, list_path(query, q), q == query.q) for word, q in VIEWS.items()],
        "saved": saved,
        "fields": [*SEARCH_FIELDS, ("app", apps)],
        "sorts": [sort.value for sort in IssueSort],
        "facets": f"/facets?{urlencode(visit.asked)}",
        "origin": visit.site.address(visit.request),
    }
    return visit.page("issues.html", values, 400 if wrong else 200)


def list_path(query: IssueQuery, search: str) -> str:
    """The list of another search, in the same apps and order."""
    kept = [*(("app", app) for app in query.app), ("sort", query.sort)]
    return f"/?{urlencode([('q', search), *kept])}"
