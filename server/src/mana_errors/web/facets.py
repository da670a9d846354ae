"""Which values the issues of a search have: beside the list, and as a page of its own where there
is no room, or no script."""

from typing import Final, NamedTuple

import msgspec
from starlette.responses import Response

from mana_errors.model.exploring import ValueCount
from mana_errors.model.query import IssueQuery
from mana_errors.model.search import Search, holds, term_of, toggled, write_search
from mana_errors.store import facet_counts
from mana_errors.web.issues import asked_for, list_path
from mana_errors.web.visit import Visit

# Facet -> field of the search language, in the order of the page.
FACETS: Final = {
    "status": "is",
    "severity": "severity",
    "app": "app",
    "environment": "environment",
    "release": "release",
    "type": "type",
}


class Choice(NamedTuple):
    """A value, and the list with its term put in or taken out."""

    value: str
    issues: int
    path: str
    chosen: bool


async def show(visit: Visit) -> Response:
    """The values and how many issues have each. Raises SearchSyntax."""
    query = asked_for(visit)
    async with visit.reader.connection() as connection:
        seen, me = visit.principal.apps, visit.principal.member_id
        counted = await facet_counts.count_facets(connection, query, seen, me)
    # Without the app, which has a field beside.
    search = msgspec.structs.replace(query, app=()).search()
    facets = [
        (name, [_choice(query, search, field, one) for one in getattr(counted, name)])
        for name, field in FACETS.items()
    ]
    return visit.page("facets.html", {"query": query, "facets": facets, "total": counted.total})


def _choice(query: IssueQuery, search: Search, field: str, one: ValueCount) -> Choice:
    term = term_of(field, one.value)
    path = list_path(query, write_search(toggled(search, term)))
    return Choice(one.value, one.count, path, holds(search, term))
