"""Operations that count and sum up: facets, tags, users, releases, overview, histograms."""

from typing import Any, Final

from mana_errors.api.export import export_events
from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.exploring import (
    Histogram,
    HistogramQuery,
    IssueFacets,
    IssueRelease,
    IssueUser,
    Neighbours,
    Overview,
    ReleaseQuery,
    ReleaseRow,
    SearchValuesQuery,
    TagDistribution,
    UserErrors,
    ValueCount,
)
from mana_errors.model.export import ExportQuery
from mana_errors.model.query import IssueQuery, NoQuery
from mana_errors.model.reading import Page
from mana_errors.model.search import FIELDS, Field
from mana_errors.store import event_counts, facet_counts, issue_facts, read_events, read_issues
from mana_errors.store import overview as overviews


async def _list_fields(_: Call[NoQuery, NoBody]) -> Page[Field]:
    return Page(list(FIELDS), None)


async def _list_values(call: Call[SearchValuesQuery, NoBody]) -> Page[ValueCount]:
    async with call.reader.connection() as connection:
        return Page(await facet_counts.search_values(connection, call.query, call.apps), None)


async def _count_facets(call: Call[IssueQuery, NoBody]) -> IssueFacets:
    async with call.reader.connection() as connection:
        member = call.principal.member_id
        return await facet_counts.count_facets(connection, call.query, call.apps, member)


async def _get_tags(call: Call[NoQuery, NoBody]) -> TagDistribution:
    async with call.reader.connection() as connection:
        grouped = await read_issues.find_with_hashes(connection, call.id, call.apps)
        window = await issue_facts.latest(connection, *grouped)
        return await issue_facts.tags_of(connection, window)


async def _list_issue_users(call: Call[NoQuery, NoBody]) -> Page[IssueUser]:
    async with call.reader.connection() as connection:
        grouped = await read_issues.find_with_hashes(connection, call.id, call.apps)
        window = await issue_facts.latest(connection, *grouped)
        return Page(await issue_facts.users_of(connection, window), None)


async def _list_issue_releases(call: Call[NoQuery, NoBody]) -> Page[IssueRelease]:
    async with call.reader.connection() as connection:
        _, hashes = await read_issues.find_with_hashes(connection, call.id, call.apps)
        return Page(await issue_facts.releases_of(connection, hashes), None)


async def _get_neighbours(call: Call[NoQuery, NoBody]) -> Neighbours:
    async with call.reader.connection() as connection:
        event = await read_events.find_event(connection, call.id, call.apps)
        if event.issue_id is None:
            return Neighbours(None, None)
        grouped = await read_issues.find_with_hashes(connection, event.issue_id, call.apps)
        return await issue_facts.neighbours_of(connection, event, *grouped)


async def _get_overview(call: Call[NoQuery, NoBody]) -> Overview:
    async with call.reader.connection() as connection:
        return await overviews.overview(connection, call.apps)


async def _list_releases(call: Call[ReleaseQuery, NoBody]) -> Page[ReleaseRow]:
    async with call.reader.connection() as connection:
        return await overviews.list_releases(connection, call.query, call.apps)


async def _get_user(call: Call[NoQuery, NoBody]) -> UserErrors:
    async with call.reader.connection() as connection:
        return await overviews.errors_of_user(connection, call.path["user"], call.apps)


async def _count_events(call: Call[HistogramQuery, NoBody]) -> Histogram:
    async with call.reader.connection() as connection:
        return await event_counts.count_events(connection, call.query, call.apps)


def _reads(  # noqa: PLR0913 - what these routes differ in
    path: str,
    operation: str,
    summary: str,
    handler: Any,
    answer: Any,
    *,
    query: type[Any] = NoQuery,
    errors: tuple[int, ...] = (400,),
    media: tuple[str, ...] = ("application/json",),
) -> Route[Any, Any]:
    return Route(
        method="GET",
        path=f"/api/v1/{path}",
        operation=operation,
        summary=summary,
        scope="read",
        query=query,
        body=NoBody,
        answer=answer,
        errors=errors,
        handler=handler,
        media=media,
    )


_OF_THING: Final = (400, 404)

# Before those whose paths hold an id in the place of a word of these.
EXPLORE_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    _reads(
        "search/fields",
        "listSearchFields",
        "The fields of the search language",
        _list_fields,
        Page[Field],
    ),
    _reads(
        "search/values",
        "listSearchValues",
        "Values that a field of the search language has, the most frequent first, at most 20",
        _list_values,
        Page[ValueCount],
        query=SearchValuesQuery,
    ),
    _reads(
        "issues/facets",
        "countIssues",
        "How many issues a search finds, and how many of them have which values",
        _count_facets,
        IssueFacets,
        query=IssueQuery,
    ),
    _reads(
        "issues/{id}/tags",
        "getIssueTags",
        "How tags are distributed over an issue's latest 500 events",
        _get_tags,
        TagDistribution,
        errors=_OF_THING,
    ),
    _reads(
        "issues/{id}/users",
        "listIssueUsers",
        "Who met an issue, among its latest 500 events",
        _list_issue_users,
        Page[IssueUser],
        errors=_OF_THING,
    ),
    _reads(
        "issues/{id}/releases",
        "listIssueReleases",
        "In which releases an issue occurred, and how often, the newest first",
        _list_issue_releases,
        Page[IssueRelease],
        errors=_OF_THING,
    ),
    _reads(
        "events/{id}/neighbours",
        "getNeighbours",
        "The events before and after an event in its issue",
        _get_neighbours,
        Neighbours,
        errors=_OF_THING,
    ),
    _reads(
        "events/histogram",
        "countEvents",
        "Occurrences of a search over time and by a field, of its newest 10,000 events",
        _count_events,
        Histogram,
        query=HistogramQuery,
    ),
    _reads(
        "events/export",
        "exportEvents",
        "The events of a search as a file, newest first, at most a million; paging is ignored",
        export_events,
        str,
        query=ExportQuery,
        media=("text/csv", "application/jsonl"),
    ),
    _reads("overview", "getOverview", "All apps at a glance", _get_overview, Overview),
    _reads(
        "releases",
        "listReleases",
        "Releases of apps, the newest first",
        _list_releases,
        Page[ReleaseRow],
        query=ReleaseQuery,
    ),
    _reads("users/{user}", "getUser", "What a user met", _get_user, UserErrors),
)
