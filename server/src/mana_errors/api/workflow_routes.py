"""Operations on what people do about issues."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.action import (
    BY_STATUS,
    Acted,
    Actions,
    Assign,
    Change,
    Prioritize,
    Undone,
    UndoRequest,
    Unmerge,
)
from mana_errors.model.activity import Comment, Entry, Link
from mana_errors.model.deployment import Deployment, ReleaseDetail
from mana_errors.model.fix import Fix
from mana_errors.model.issue import IssueStatus, Priority
from mana_errors.model.query import NoQuery, PageQuery
from mana_errors.model.reading import Assignee, Issue, IssueGroup, Page
from mana_errors.store import activity, fixes, read_issues, releases, workflow


class IssueChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed about an issue, each field by itself."""

    status: IssueStatus | UnsetType = UNSET
    assignee: UUID | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET


def _changes(change: IssueChange) -> list[Change]:
    changes: list[Change] = []
    if change.status is not UNSET:
        changes.append(BY_STATUS[change.status])
    if change.assignee is not UNSET:
        changes.append(Assign(member=change.assignee))
    if change.priority is not UNSET:
        changes.append(Prioritize(priority=change.priority))
    return changes


async def _change_issue(call: Call[NoQuery, IssueChange]) -> Issue:
    async with call.reader.connection() as connection, connection.transaction():
        for change in _changes(call.body):
            await workflow.act(connection, [call.id], change, call.apps, call.actor)
        return await read_issues.find_issue(connection, call.id, call.apps)


async def _act(call: Call[NoQuery, Actions]) -> Acted:
    async with call.reader.connection() as connection:
        body = call.body
        return await workflow.act(connection, body.ids, body.action, call.apps, call.actor)


async def _undo(call: Call[NoQuery, UndoRequest]) -> Undone:
    async with call.reader.connection() as connection:
        return await workflow.undo(connection, call.body.undo, call.apps, call.actor)


async def _list_groups(call: Call[NoQuery, NoBody]) -> Page[IssueGroup]:
    async with call.reader.connection() as connection:
        return Page(await read_issues.groups_of(connection, call.id, call.apps), None)


async def _unmerge(call: Call[NoQuery, Unmerge]) -> Issue:
    async with call.reader.connection() as connection, connection.transaction():
        hashes = call.body.hashes
        made = await workflow.unmerge(connection, call.id, hashes, call.apps, call.actor)
        return await read_issues.find_issue(connection, made, call.apps)


async def _list_activity(call: Call[PageQuery, NoBody]) -> Page[Entry]:
    async with call.reader.connection() as connection:
        return await activity.listed(connection, call.id, call.query, call.apps)


async def _write(call: Call[NoQuery, Any]) -> Entry:
    async with call.reader.connection() as connection:
        return await activity.write(connection, call.id, call.body, call.apps, call.actor)


async def _edit(call: Call[NoQuery, Comment]) -> Entry:
    async with call.reader.connection() as connection:
        return await activity.edit(
            connection,
            call.id,
            call.uuid("entry"),
            call.body.text,
            apps=call.apps,
            actor=call.actor,
        )


async def _remove(call: Call[NoQuery, NoBody]) -> None:
    async with call.reader.connection() as connection:
        await activity.remove(
            connection,
            call.id,
            call.uuid("entry"),
            apps=call.apps,
            actor=call.actor,
            any_author=call.principal.may("admin"),
        )


async def _get_fix(call: Call[NoQuery, NoBody]) -> Fix:
    async with call.reader.connection() as connection:
        return await fixes.fix_of(connection, call.id, call.apps)


async def _deploy(call: Call[NoQuery, Deployment]) -> ReleaseDetail:
    call.principal.must_see(call.body.app)
    async with call.reader.connection() as connection:
        return await releases.deploy(connection, call.body, call.actor)


async def _list_assignees(call: Call[NoQuery, NoBody]) -> Page[Assignee]:
    app_id = call.path["app"]
    call.principal.must_see(app_id)
    async with call.reader.connection() as connection:
        return Page(await workflow.assignees(connection, [app_id]), None)


WORKFLOW_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="POST",
        path="/api/v1/issues/actions",
        operation="actOnIssues",
        summary="Do one thing about several issues, or about none of them",
        scope="triage",
        query=NoQuery,
        body=Actions,
        answer=Acted,
        errors=(400, 404, 409, 413, 415),
        handler=_act,
    ),
    Route(
        method="POST",
        path="/api/v1/issues/undo",
        operation="undoAction",
        summary="Take one's own action back, on issues that nobody changed since",
        scope="triage",
        query=NoQuery,
        body=UndoRequest,
        answer=Undone,
        errors=(400, 404, 413, 415),
        handler=_undo,
    ),
    Route(
        method="PATCH",
        path="/api/v1/issues/{id}",
        operation="changeIssue",
        summary="Change an issue's status, assignee and priority, each field by itself",
        scope="triage",
        query=NoQuery,
        body=IssueChange,
        answer=Issue,
        errors=(400, 404, 413, 415),
        handler=_change_issue,
    ),
    Route(
        method="GET",
        path="/api/v1/issues/{id}/groups",
        operation="listIssueGroups",
        summary="What an issue was merged from, by grouping hash, the 50 most frequent",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[IssueGroup],
        errors=(400, 404),
        handler=_list_groups,
    ),
    Route(
        method="POST",
        path="/api/v1/issues/{id}/unmerge",
        operation="unmergeIssue",
        summary="Make some of an issue's grouping hashes an issue of their own, which is answered",
        scope="triage",
        query=NoQuery,
        body=Unmerge,
        answer=Issue,
        errors=(400, 404, 413, 415),
        handler=_unmerge,
        status=201,
    ),
    Route(
        method="GET",
        path="/api/v1/issues/{id}/activity",
        operation="listActivity",
        summary="What was done about an issue, the latest first",
        scope="read",
        query=PageQuery,
        body=NoBody,
        answer=Page[Entry],
        errors=(400, 404),
        handler=_list_activity,
    ),
    Route(
        method="POST",
        path="/api/v1/issues/{id}/comments",
        operation="addComment",
        summary="Say something about an issue, in Markdown",
        scope="triage",
        query=NoQuery,
        body=Comment,
        answer=Entry,
        errors=(400, 404, 409, 413, 415),
        handler=_write,
        status=201,
    ),
    Route(
        method="POST",
        path="/api/v1/issues/{id}/links",
        operation="addLink",
        summary="Link an issue to where else it is worked on",
        scope="triage",
        query=NoQuery,
        body=Link,
        answer=Entry,
        errors=(400, 404, 409, 413, 415),
        handler=_write,
        status=201,
    ),
    Route(
        method="PATCH",
        path="/api/v1/issues/{id}/activity/{entry}",
        operation="editComment",
        summary="Change one's own comment",
        scope="triage",
        query=NoQuery,
        body=Comment,
        answer=Entry,
        errors=(400, 404, 413, 415),
        handler=_edit,
    ),
    Route(
        method="DELETE",
        path="/api/v1/issues/{id}/activity/{entry}",
        operation="deleteEntry",
        summary="Delete one's own comment or link, or as an admin anybody's",
        scope="triage",
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400, 404),
        handler=_remove,
        status=204,
    ),
    Route(
        method="GET",
        path="/api/v1/issues/{id}/fix",
        operation="getFix",
        summary="Whether the fix works: what came since the issue was last resolved",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Fix,
        errors=(400, 404),
        handler=_get_fix,
    ),
    Route(
        method="POST",
        path="/api/v1/releases",
        operation="deployRelease",
        summary="Say that a release of an app is out",
        scope="triage",
        query=NoQuery,
        body=Deployment,
        answer=ReleaseDetail,
        errors=(400, 404, 413, 415),
        handler=_deploy,
        status=201,
    ),
    Route(
        method="GET",
        path="/api/v1/apps/{app}/assignees",
        operation="listAssignees",
        summary="Who may take care of an app's issues",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[Assignee],
        errors=(400, 404),
        handler=_list_assignees,
    ),
)
