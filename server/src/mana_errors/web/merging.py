"""Merging issues: choosing which others are the same problem, and taking groups out again."""

from uuid import UUID

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest, SearchSyntax
from mana_errors.model.query import IssueQuery, parse_query
from mana_errors.model.reading import ListedIssue, Page
from mana_errors.model.search import Match, Pattern, write_search
from mana_errors.store import read_issues, workflow
from mana_errors.web.issue import id_of
from mana_errors.web.issues import SEARCH_FIELDS
from mana_errors.web.visit import Visit


async def choose(visit: Visit) -> Response:
    """Other issues of the app: those of the same type, or of another search. Raises NotFound."""
    seen, me = visit.principal.apps, visit.principal.member_id
    wrong: SearchSyntax | None = None
    async with visit.reader.connection() as connection:
        issue = await read_issues.find_issue(connection, id_of(visit), seen)
        query = parse_query(IssueQuery, visit.asked)
        if "q" not in dict(visit.asked):
            of_type = write_search(Match("type", Pattern((issue.type,))))
            query = msgspec.structs.replace(query, q=of_type)
        query = msgspec.structs.replace(query, app=(issue.app,))
        try:
            page = await read_issues.list_issues(connection, query, seen, me)
        except SearchSyntax as error:
            wrong, page = error, Page[ListedIssue]([], None)
    values = {
        "issue": issue,
        "query": query,
        "wrong": wrong,
        "fields": SEARCH_FIELDS,
        "others": [other for other in page.items if other.id != issue.id],
        "more": visit.next_page(page.next),
    }
    return visit.page("merge.html", values, 400 if wrong else 200)


async def take_out(visit: Visit) -> Response:
    """Make a group an issue of its own. Raises NotFound, BadRequest."""
    issue_id = id_of(visit)
    try:
        hashes = [UUID(visit.form.text("hash"))]
    except ValueError as error:
        raise BadRequest("hash: no UUID") from error
    async with visit.reader.connection() as connection:
        seen, actor = visit.principal.apps, visit.actor
        await workflow.unmerge(connection, issue_id, hashes, seen, actor)
    return visit.go(f"/issues/{issue_id}?done=done_unmerge")
