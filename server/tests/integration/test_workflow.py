"""What people do about issues, as PostgreSQL keeps it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from mana_errors.errors import BadRequest, Conflict, Forbidden, NotFound
from mana_errors.model.action import (
    Action,
    Assign,
    Ignore,
    Prioritize,
    Reopen,
    Resolve,
)
from mana_errors.model.activity import Comment, Kind, Link
from mana_errors.model.condition import InNextRelease, InRelease, UntilEvents, UntilRate, UntilUsers
from mana_errors.model.issue import IssueStatus, Priority
from mana_errors.model.principal import Apps, Role
from mana_errors.model.query import PageQuery
from mana_errors.model.reading import Issue
from mana_errors.store import activity, read_issues, workflow
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from people import add_member
from rows import NOON, add, add_issue

ANN = Actor("member:ann@example.org")
BOB = Actor("member:bob@example.org")
HOUR = timedelta(hours=1)


async def act(connection: Connection, action: Action, *ids: UUID, apps: Apps = None) -> UUID | None:
    """What takes it back."""
    return (await workflow.act(connection, ids, action, apps, ANN)).undo


async def read(connection: Connection, issue_id: UUID) -> Issue:
    return await read_issues.find_issue(connection, issue_id, None)


async def told(connection: Connection, issue_id: UUID) -> list[tuple[str, Any]]:
    """Kinds and details of what was done, the first first, without the beginning."""
    page = await activity.listed(connection, issue_id, PageQuery(limit=100), None)
    assert page.items[-1].kind is Kind.NEW
    return [(entry.kind.value, entry.details) for entry in reversed(page.items[:-1])]


async def audited(connection: Connection) -> list[tuple[str, str, str]]:
    rows = await connection.fetch(
        "SELECT actor, action, subject, app_id FROM error_logs.audit_log ORDER BY id"
    )
    return [(row["actor"], row["action"], row["subject"]) for row in rows]


async def test_resolving_again_keeps_the_first_time(connection: Connection) -> None:
    """What came after the first time still makes the issue regress."""
    issue_id = await add_issue(connection)
    await act(connection, Resolve(), issue_id)
    first = await read(connection, issue_id)
    again = await workflow.act(connection, [issue_id], Resolve(), None, ANN)
    assert first.resolved_at is not None
    assert await read(connection, issue_id) == first
    assert (again.changed, again.undo) == ([], None)
    await act(connection, Resolve(in_release="2.0"), issue_id)
    bound = await read(connection, issue_id)
    assert (bound.resolved_at, bound.condition) == (first.resolved_at, InRelease("2.0"))


@pytest.mark.parametrize("action", [Reopen(), Ignore()])
async def test_what_is_not_resolved_has_no_time_of_it(
    connection: Connection, action: Action
) -> None:
    issue_id = await add_issue(connection, status="resolved", resolved_at=NOON)
    await act(connection, action, issue_id)
    assert (await read(connection, issue_id)).resolved_at is None


async def test_an_action_is_told_by_whom_and_audited(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    member = await add_member(connection, "olga@example.org", Role.MEMBER)
    await act(connection, Ignore(users=5), issue_id)
    await act(connection, Assign(member=member.id), issue_id)
    await act(connection, Prioritize(priority=Priority.HIGH), issue_id)
    condition = {"kind": "untilUsers", "users": 5}
    assert await told(connection, issue_id) == [
        ("ignored", {"from": "unresolved", "to": "ignored", "condition": condition}),
        ("assigned", {"from": None, "to": "olga@example.org"}),
        ("priority", {"from": None, "to": "high"}),
    ]
    name = str(issue_id)
    assert (await audited(connection))[1:] == [
        (ANN.name, "issue.status", name),
        (ANN.name, "issue.assign", name),
        (ANN.name, "issue.priority", name),
    ]
    issue = await read(connection, issue_id)
    assert issue.assignee is not None
    assert (issue.assignee.id, issue.assignee.email) == (member.id, "olga@example.org")


@pytest.mark.parametrize(
    ("severity", "priority"), [("critical", "high"), ("error", "medium"), ("warning", "low")]
)
async def test_priority_is_that_of_the_severity_until_somebody_sets_it(
    connection: Connection, severity: str, priority: str
) -> None:
    issue_id = await add_issue(connection, severity=severity)
    assert (await read(connection, issue_id)).priority == priority
    await act(connection, Prioritize(priority=Priority.MEDIUM), issue_id)
    assert (await read(connection, issue_id)).priority is Priority.MEDIUM
    await act(connection, Prioritize(priority=None), issue_id)
    assert (await read(connection, issue_id)).priority == priority


async def test_conditions_are_made_from_what_the_issue_has(connection: Connection) -> None:
    issue_id = await add_issue(connection, count=7, users=3)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    await add(
        connection, "rollups", grouping_hash=issue_id, hour=hour, environment="", release="",
        count=4,
    )  # fmt: skip
    await act(connection, Ignore(events=10), issue_id)
    assert (await read(connection, issue_id)).condition == UntilEvents(10, 17)
    await act(connection, Ignore(per_hour=5), issue_id)
    assert (await read(connection, issue_id)).condition in (
        UntilRate(5, hour, 4),
        UntilRate(5, hour + HOUR, 0),
    )
    await act(connection, Ignore(users=4), issue_id)
    assert (await read(connection, issue_id)).condition == UntilUsers(4)
    await act(connection, Ignore(), issue_id)
    assert (await read(connection, issue_id)).condition is None


async def test_the_next_release_is_the_one_after_the_app_s_latest(connection: Connection) -> None:
    """By version, whatever came last: 1.9.1 may be a fix for an old branch."""
    issue_id = await add_issue(connection)
    await act(connection, Resolve(in_next_release=True), issue_id)
    assert (await read(connection, issue_id)).condition == InNextRelease(None)
    for app, version, age in (("chat", "2.0.0", 2), ("chat", "1.9.1", 1), ("shop", "3.0.0", 0)):
        await add(connection, "releases", app_id=app, version=version, first_seen=NOON - age * HOUR)
    await act(connection, Resolve(in_next_release=True), issue_id)
    assert (await read(connection, issue_id)).condition == InNextRelease("2.0.0")


@pytest.mark.parametrize(
    "action",
    [
        Resolve(in_release="1", in_next_release=True),
        Ignore(events=1, users=9),
        Ignore(until=NOON),
        Ignore(users=3),
    ],
)
async def test_what_makes_no_sense_changes_nothing(connection: Connection, action: Action) -> None:
    issue_id = await add_issue(connection, users=3)
    with pytest.raises(BadRequest):
        await act(connection, action, issue_id)
    assert (await read(connection, issue_id)).status is IssueStatus.UNRESOLVED
    assert await told(connection, issue_id) == []


async def test_one_unknown_or_foreign_issue_spoils_the_action(connection: Connection) -> None:
    own, foreign = await add_issue(connection), await add_issue(connection, app_id="shop")
    for other in (foreign, uuid4()):
        with pytest.raises(NotFound):
            await act(connection, Resolve(), own, other, apps=frozenset({"chat"}))
    assert (await read(connection, own)).status is IssueStatus.UNRESOLVED


async def test_issues_are_given_to_who_works_on_their_app(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    works = await add_member(connection, "b@example.org", Role.MEMBER, ("chat",))
    owner = await add_member(connection, "a@example.org", Role.OWNER)
    viewer = await add_member(connection, "v@example.org", Role.VIEWER)
    elsewhere = await add_member(connection, "e@example.org", Role.ADMIN, ("shop",))
    found = await workflow.assignees(connection, ["chat"])
    assert [member.id for member in found] == [owner.id, works.id]
    of_both = await workflow.assignees(connection, ["chat", "shop"])
    assert [member.id for member in of_both] == [owner.id]
    for nobody in (viewer.id, elsewhere.id, uuid4()):
        with pytest.raises(BadRequest):
            await act(connection, Assign(member=nobody), issue_id)
    await act(connection, Assign(member=works.id), issue_id)
    await act(connection, Assign(member=None), issue_id)
    assert (await read(connection, issue_id)).assignee is None


# --- undo


async def test_undo_brings_back_what_was(connection: Connection) -> None:
    """Each issue's own state; activity and audit say that it happened."""
    plain = await add_issue(connection)
    resolved = await add_issue(connection, status="resolved", resolved_at=NOON)
    before = [await read(connection, id_) for id_ in (plain, resolved)]
    token = await act(connection, Ignore(events=3), plain, resolved)
    assert token is not None
    undone = await workflow.undo(connection, token, None, ANN)
    assert (undone.restored, undone.skipped) == ([plain, resolved], [])
    assert [await read(connection, id_) for id_ in (plain, resolved)] == before
    assert [kind for kind, _ in await told(connection, plain)] == ["ignored", "reopened"]
    assert [kind for kind, _ in await told(connection, resolved)] == ["ignored", "resolved"]


async def test_undo_leaves_alone_what_somebody_changed_since(connection: Connection) -> None:
    one, two = await add_issue(connection), await add_issue(connection)
    token = await act(connection, Resolve(), one, two)
    await act(connection, Ignore(), two)
    assert token is not None
    undone = await workflow.undo(connection, token, None, ANN)
    assert (undone.restored, undone.skipped) == ([one], [two])
    assert (await read(connection, two)).status is IssueStatus.IGNORED


async def test_undo_works_once_for_who_acted_within_an_hour(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    token = await act(connection, Resolve(), issue_id)
    assert token is not None
    with pytest.raises(NotFound):
        await workflow.undo(connection, token, None, BOB)
    await workflow.undo(connection, token, None, ANN)
    with pytest.raises(NotFound):
        await workflow.undo(connection, token, None, ANN)
    late = await act(connection, Resolve(), issue_id)
    assert late is not None
    await connection.execute("UPDATE error_logs.undos SET at = at - interval '61 minutes'")
    with pytest.raises(NotFound):
        await workflow.undo(connection, late, None, ANN)
    await workflow.forget_undos(connection, datetime.now(UTC))
    assert await connection.fetchval("SELECT count(*) FROM error_logs.undos") == 0


async def test_undo_changes_no_issue_of_an_app_that_one_no_longer_sees(
    connection: Connection,
) -> None:
    issue_id = await add_issue(connection)
    token = await act(connection, Resolve(), issue_id)
    assert token is not None
    undone = await workflow.undo(connection, token, frozenset({"shop"}), ANN)
    assert (undone.restored, undone.skipped) == ([], [issue_id])
    assert (await read(connection, issue_id)).status is IssueStatus.RESOLVED


# --- comments and links


async def test_comments_and_links_are_kept_as_they_were_written(connection: Connection) -> None:
    issue_id = await add_issue(connection, first_release="1.0")
    text = "**seen** <script>alert(1)</script>"
    await activity.write(connection, issue_id, Comment(text), None, ANN)
    link = Link("https://tracker.example/42", "Ticket 42")
    await activity.write(connection, issue_id, link, None, BOB)
    page = await activity.listed(connection, issue_id, PageQuery(), None)
    assert [(entry.kind, entry.actor, entry.body) for entry in page.items] == [
        (Kind.LINK, BOB.name, "https://tracker.example/42"),
        (Kind.COMMENT, ANN.name, text),
        (Kind.NEW, "server", None),
    ]
    assert page.items[0].details == {"title": "Ticket 42"}
    assert page.items[2].details == {"release": "1.0"}


async def test_activity_is_paged_to_the_beginning(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    written = [
        (await activity.write(connection, issue_id, Comment(str(n)), None, ANN)).id
        for n in range(5)
    ]
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        query = PageQuery(limit=2, cursor=cursor)
        page = await activity.listed(connection, issue_id, query, None)
        found += [entry.id for entry in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == [*reversed(written), issue_id]


async def test_a_comment_is_changed_by_who_wrote_it_alone(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    entry = await activity.write(connection, issue_id, Comment("a"), None, ANN)
    with pytest.raises(Forbidden):
        await activity.edit(connection, issue_id, entry.id, "b", apps=None, actor=BOB)
    edited = await activity.edit(connection, issue_id, entry.id, "c", apps=None, actor=ANN)
    assert edited.body == "c"
    assert edited.edited_at is not None
    link = await activity.write(connection, issue_id, Link("https://x.example/"), None, ANN)
    with pytest.raises(Forbidden):
        await activity.edit(connection, issue_id, link.id, "d", apps=None, actor=ANN)


async def test_a_comment_is_deleted_by_who_wrote_it_or_an_admin(connection: Connection) -> None:
    issue_id, other = await add_issue(connection), await add_issue(connection)
    for actor, any_author in ((ANN, False), (BOB, True)):
        entry = await activity.write(connection, issue_id, Comment("a"), None, ANN)
        with pytest.raises(Forbidden):
            await activity.remove(
                connection, issue_id, entry.id, apps=None, actor=BOB, any_author=False
            )
        with pytest.raises(NotFound):
            await activity.remove(
                connection, other, entry.id, apps=None, actor=ANN, any_author=False
            )
        await activity.remove(
            connection, issue_id, entry.id, apps=None, actor=actor, any_author=any_author
        )
    assert await told(connection, issue_id) == []


async def test_what_was_done_cannot_be_deleted(connection: Connection) -> None:
    issue_id = await add_issue(connection)
    await act(connection, Resolve(), issue_id)
    [entry, _] = (await activity.listed(connection, issue_id, PageQuery(), None)).items
    with pytest.raises(Forbidden):
        await activity.remove(connection, issue_id, entry.id, apps=None, actor=ANN, any_author=True)


async def test_an_issue_takes_so_many_comments(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "MAX_WRITTEN", 2)
    issue_id = await add_issue(connection)
    for _ in range(2):
        await activity.write(connection, issue_id, Comment("a"), None, ANN)
    with pytest.raises(Conflict):
        await activity.write(connection, issue_id, Comment("a"), None, ANN)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "ftp://x.example/", "//x.example/", "https://",
        "https://user:secret@x.example/", "https://x.example/ y", "https://x.example/\n", "x",
        "https://[", " https://x.example/",
    ],
)  # fmt: skip
def test_a_link_leads_to_a_web_page(url: str) -> None:
    with pytest.raises(ValueError, match=r"url|IPv6"):
        Link(url)
