"""Two apps with data of every kind, and for each operation of the API a call that works on them.

Tests that walk all routes use these: a route without an entry in CALLS fails them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from mana_errors.model.activity import Comment
from mana_errors.model.app_change import NewApp
from mana_errors.model.outcome import Outcome, OutcomeCount
from mana_errors.model.principal import Role
from mana_errors.model.rule import Occurs, Rule
from mana_errors.store import activity, apps, audit, outcomes, rules
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from people import add_member
from rows import NOON, add, add_alert, add_event, add_issue

OWN = "own-chat"
# Also in every text of the other app: where it turns up, something leaked.
FOREIGN = "foreign-shop"


@dataclass(frozen=True)
class Things:
    """What one app has."""

    app: str
    issue: UUID
    event: UUID
    comment: UUID
    key: UUID
    rule: UUID
    alert: UUID
    # of the server, not of the app
    member: UUID
    channel: UUID


async def make_things(connection: Connection, app: str) -> Things:
    """An app with an issue, an event, a key, outcomes, and an entry of the audit log."""
    created, key = await apps.create(connection, NewApp(app, name=f"{app} name"), COMMAND)
    issue = await add_issue(connection, app_id=app, title=f"{app} title", culprit=f"{app}.ts")
    event = await add_event(
        connection, issue, app_id=app, message=f"{app} message", user_id="user-of-all",
        tags={"of": app}, release=f"{app}@1",
    )  # fmt: skip
    await add(
        connection, "releases", app_id=app, version=f"{app}@1", first_seen=NOON, last_seen=NOON
    )
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    await outcomes.add(connection, [OutcomeCount(app, Outcome.STORED, minute, 1)])
    await audit.note(connection, COMMAND, "issue.status", str(issue), {"of": app}, app=app)
    member = await add_member(connection, f"{uuid4().hex}@example.org", Role.MEMBER)
    remark = Comment(f"{app} comment")
    comment = await activity.write(connection, issue, remark, None, COMMAND)
    rule = await rules.create(
        connection, Rule(name=f"{app} rule", trigger=Occurs(), apps=(app,)), COMMAND
    )
    alert = await add_alert(connection, issue, rule_id=rule.id, app_id=app)
    channel = uuid4()
    await add(connection, "channels", id=channel, name="owners", target=_EMAIL)
    return Things(created.id, issue, event, comment.id, key.id, rule.id, alert, member.id, channel)


_EMAIL = {"kind": "email", "to": ["owners"]}


@dataclass(frozen=True)
class Sent:
    """A request, without who sends it, and the status that it gets."""

    path: str
    status: int
    body: dict[str, Any] | None = None
    # the thing in its path belongs to an app, so that for others it does not exist
    of_app: bool = False


def _get(path: Callable[[Things], str], *, of_app: bool = False) -> Callable[[Things], Sent]:
    return lambda things: Sent(path(things), 200, of_app=of_app)


def _rule(things: Things) -> dict[str, Any]:
    return {
        "name": "many",
        "trigger": {"kind": "events", "events": 9, "minutes": 5},
        "apps": [things.app],
    }


_REPORT = {"errorCode": "E", "errorType": "T", "message": "m"}

# nobody listens there, and no address is allowed
_HOOK = {"kind": "webhook", "url": "https://127.0.0.1:9/hook"}

CALLS: dict[str, Callable[[Things], Sent]] = {
    "reportError": lambda t: Sent("/api/v1/errors", 201, {**_REPORT, "appId": t.app}),
    "reportErrors": lambda t: Sent(
        "/api/v1/errors/batch", 201, {"errors": [{**_REPORT, "appId": t.app}]}
    ),
    "listIssues": _get(lambda _: "/api/v1/issues"),
    "getIssue": _get(lambda t: f"/api/v1/issues/{t.issue}", of_app=True),
    "changeIssue": lambda t: Sent(
        f"/api/v1/issues/{t.issue}", 200, {"status": "ignored"}, of_app=True
    ),
    "actOnIssues": lambda t: Sent(
        "/api/v1/issues/actions",
        200,
        {"ids": [str(t.issue)], "action": {"do": "reopen"}},
        of_app=True,
    ),
    "undoAction": lambda _: Sent("/api/v1/issues/undo", 404, {"undo": str(uuid4())}),
    "unmergeIssue": lambda t: Sent(
        f"/api/v1/issues/{t.issue}/unmerge", 400, {"hashes": [str(t.issue)]}, of_app=True
    ),
    "listIssueGroups": _get(lambda t: f"/api/v1/issues/{t.issue}/groups", of_app=True),
    "listActivity": _get(lambda t: f"/api/v1/issues/{t.issue}/activity", of_app=True),
    "addComment": lambda t: Sent(
        f"/api/v1/issues/{t.issue}/comments", 201, {"text": "seen"}, of_app=True
    ),
    "addLink": lambda t: Sent(
        f"/api/v1/issues/{t.issue}/links", 201, {"url": "https://tracker.example/1"}, of_app=True
    ),
    # the command line wrote it
    "editComment": lambda t: Sent(
        f"/api/v1/issues/{t.issue}/activity/{t.comment}", 403, {"text": "mine"}, of_app=True
    ),
    "deleteEntry": lambda t: Sent(f"/api/v1/issues/{t.issue}/activity/{uuid4()}", 404, of_app=True),
    # it was never resolved
    "getFix": lambda t: Sent(f"/api/v1/issues/{t.issue}/fix", 404, of_app=True),
    "deployRelease": lambda t: Sent(
        "/api/v1/releases", 201, {"app": t.app, "version": "1.0"}, of_app=True
    ),
    "listAssignees": _get(lambda t: f"/api/v1/apps/{t.app}/assignees", of_app=True),
    "listIssueEvents": _get(lambda t: f"/api/v1/issues/{t.issue}/events", of_app=True),
    "listEvents": _get(lambda _: "/api/v1/events"),
    "getEvent": _get(lambda t: f"/api/v1/events/{t.event}", of_app=True),
    "listSearchFields": _get(lambda _: "/api/v1/search/fields"),
    "listSearchValues": _get(lambda _: "/api/v1/search/values?field=app"),
    "countIssues": _get(lambda _: "/api/v1/issues/facets"),
    "getIssueTags": _get(lambda t: f"/api/v1/issues/{t.issue}/tags", of_app=True),
    "listIssueUsers": _get(lambda t: f"/api/v1/issues/{t.issue}/users", of_app=True),
    "listIssueReleases": _get(lambda t: f"/api/v1/issues/{t.issue}/releases", of_app=True),
    "getNeighbours": _get(lambda t: f"/api/v1/events/{t.event}/neighbours", of_app=True),
    "countEvents": _get(lambda _: "/api/v1/events/histogram?by=app&from=2020-01-01T00:00:00Z"),
    "exportEvents": _get(lambda _: "/api/v1/events/export"),
    "getOverview": _get(lambda _: "/api/v1/overview"),
    "listReleases": _get(lambda _: "/api/v1/releases"),
    "getUser": _get(lambda _: "/api/v1/users/user-of-all"),
    "listViews": _get(lambda _: "/api/v1/views"),
    "createView": lambda _: Sent("/api/v1/views", 201, {"name": "v", "q": "is:unresolved"}),
    "deleteView": lambda _: Sent(f"/api/v1/views/{uuid4()}", 404),
    "listRules": _get(lambda _: "/api/v1/rules"),
    "createRule": lambda t: Sent("/api/v1/rules", 201, _rule(t), of_app=True),
    "getRule": _get(lambda t: f"/api/v1/rules/{t.rule}", of_app=True),
    "changeRule": lambda t: Sent(f"/api/v1/rules/{t.rule}", 200, _rule(t), of_app=True),
    "deleteRule": lambda _: Sent(f"/api/v1/rules/{uuid4()}", 404),
    "testRule": lambda t: Sent("/api/v1/rules/test", 200, {"rule": _rule(t)}, of_app=True),
    "explainRule": _get(lambda t: f"/api/v1/rules/{t.rule}/explain?issue={t.issue}", of_app=True),
    "listAlerts": _get(lambda _: "/api/v1/alerts"),
    "getAlert": _get(lambda t: f"/api/v1/alerts/{t.alert}", of_app=True),
    "listChannels": _get(lambda _: "/api/v1/channels"),
    "createChannel": lambda _: Sent("/api/v1/channels", 201, {"name": "hook", "target": _HOOK}),
    "getChannel": _get(lambda t: f"/api/v1/channels/{t.channel}"),
    "changeChannel": lambda t: Sent(f"/api/v1/channels/{t.channel}", 200, {"enabled": True}),
    "deleteChannel": lambda _: Sent(f"/api/v1/channels/{uuid4()}", 404),
    "testChannel": lambda t: Sent(f"/api/v1/channels/{t.channel}/test", 200),
    "listDeliveries": _get(lambda _: "/api/v1/deliveries"),
    "retryDelivery": lambda _: Sent(f"/api/v1/deliveries/{uuid4()}/retry", 404),
    "listApps": _get(lambda _: "/api/v1/apps"),
    "createApp": lambda _: Sent("/api/v1/apps", 201, {"id": f"new-{uuid4().hex}"}),
    "getApp": _get(lambda t: f"/api/v1/apps/{t.app}", of_app=True),
    "changeApp": lambda t: Sent(f"/api/v1/apps/{t.app}", 200, {"platform": "x"}, of_app=True),
    "listKeys": _get(lambda t: f"/api/v1/apps/{t.app}/keys", of_app=True),
    "createKey": lambda t: Sent(f"/api/v1/apps/{t.app}/keys", 201, {"name": "k"}, of_app=True),
    "revokeKey": lambda t: Sent(f"/api/v1/apps/{t.app}/keys/{t.key}", 200, of_app=True),
    "listOutcomes": _get(lambda t: f"/api/v1/apps/{t.app}/outcomes", of_app=True),
    "getMe": _get(lambda _: "/api/v1/me"),
    "listMembers": _get(lambda _: "/api/v1/members"),
    "inviteMember": lambda _: Sent(
        "/api/v1/members", 201, {"email": "new@example.org", "role": "viewer"}
    ),
    "changeMember": lambda t: Sent(f"/api/v1/members/{t.member}", 200, {"disabled": False}),
    "listSessions": _get(lambda _: "/api/v1/sessions"),
    "endOtherSessions": lambda _: Sent("/api/v1/sessions", 204),
    "endSession": lambda _: Sent(f"/api/v1/sessions/{uuid4()}", 404),
    "listTokens": _get(lambda _: "/api/v1/tokens"),
    "createToken": lambda _: Sent("/api/v1/tokens", 201, {"name": uuid4().hex, "scopes": ["read"]}),
    "revokeToken": lambda _: Sent(f"/api/v1/tokens/{uuid4()}", 404),
    "listAudit": _get(lambda _: "/api/v1/audit?limit=100"),
    "isLive": _get(lambda _: "/health/live"),
    "isReady": _get(lambda _: "/health/ready"),
    "getMetrics": _get(lambda _: "/metrics"),
}

# Only a member has sessions, and views of their own.
NEEDS_A_MEMBER = frozenset({"listSessions", "endOtherSessions", "endSession", "createView"})


def sent(operation: str, things: Things) -> Sent:
    """The call of an operation."""
    assert operation in CALLS, f"say in tests/calls.py how {operation} is called"
    return CALLS[operation](things)
