"""Operations on issues and events."""

from typing import Any, Final

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.query import EventQuery, IssueEventQuery, IssueQuery, NoQuery
from mana_errors.model.reading import (
    EventDetail,
    EventSummary,
    IssueDetail,
    ListedIssue,
    Page,
)
from mana_errors.store import read_events, read_issues


async def _list_issues(call: Call[IssueQuery, NoBody]) -> Page[ListedIssue]:
    async with call.reader.connection() as connection:
        return await read_issues.list_issues(
            connection, call.query, call.apps, call.principal.member_id
        )


async def _get_issue(call: Call[NoQuery, NoBody]) -> IssueDetail:
    async with call.reader.connection() as connection:
        return await read_issues.describe_issue(connection, call.id, call.apps)


async def _list_issue_events(call: Call[IssueEventQuery, NoBody]) -> Page[EventSummary]:
    async with call.reader.connection() as connection:
        issue, hashes = await read_issues.find_with_hashes(connection, call.id, call.apps)
        return await read_events.issue_events(connection, issue, hashes, call.query)


async def _list_events(call: Call[EventQuery, NoBody]) -> Page[EventSummary]:
    async with call.reader.connection() as connection:
        return await read_events.list_events(connection, call.query, call.apps)


async def _get_event(call: Call[NoQuery, NoBody]) -> EventDetail:
    async with call.reader.connection() as connection:
        return await read_events.find_event(connection, call.id, call.apps)


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/issues",
        operation="listIssues",
        summary="List issues, the latest first unless sorted otherwise",
        scope="read",
        query=IssueQuery,
        body=NoBody,
        answer=Page[ListedIssue],
        errors=(400,),
        handler=_list_issues,
    ),
    Route(
        method="GET",
        path="/api/v1/issues/{id}",
        operation="getIssue",
        summary="An issue, why its events are in it, and its trend",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=IssueDetail,
        errors=(400, 404),
        handler=_get_issue,
    ),
    Route(
        method="GET",
        path="/api/v1/issues/{id}/events",
        operation="listIssueEvents",
        summary="List an issue's events, newest first",
        scope="read",
        query=IssueEventQuery,
        body=NoBody,
        answer=Page[EventSummary],
        errors=(400, 404),
        handler=_list_issue_events,
    ),
    Route(
        method="GET",
        path="/api/v1/events",
        operation="listEvents",
        summary="List events of all issues, newest first",
        scope="read",
        query=EventQuery,
        body=NoBody,
        answer=Page[EventSummary],
        errors=(400,),
        handler=_list_events,
    ),
    Route(
        method="GET",
        path="/api/v1/events/{id}",
        operation="getEvent",
        summary="An event, whole",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=EventDetail,
        errors=(400, 404),
        handler=_get_event,
    ),
)
