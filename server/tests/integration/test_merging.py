"""Merging, taking apart and deleting issues, beside a running triage."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from digesting import NOW, Node, event
from mana_errors.config import Settings
from mana_errors.errors import BadRequest, Conflict, Moved, NotFound
from mana_errors.model.action import Delete, Ignore, Merge, Resolve
from mana_errors.model.activity import Comment
from mana_errors.model.condition import UntilEvents
from mana_errors.model.query import EventQuery, IssueEventQuery, PageQuery
from mana_errors.retention import issues as cleaning
from mana_errors.store import (
    activity,
    db,
    deleting,
    merging,
    read_events,
    read_issues,
    workflow,
)
from mana_errors.store.audit import COMMAND
from mana_errors.triage.fold import fold_once
from rows import add_issue

LATER = NOW + timedelta(minutes=30)


async def issue_of(node: Node, code: str) -> UUID:
    found: UUID = await node.connection.fetchval(
        "SELECT h.issue_id FROM error_logs.error_logs e "
        "JOIN error_logs.issue_hashes h USING (grouping_hash) WHERE e.error_code = $1 LIMIT 1",
        code,
    )
    return found


async def act(node: Node, action: Any, *ids: UUID) -> UUID | None:
    return (await workflow.act(node.connection, ids, action, None, COMMAND)).undo


async def test_new_events_of_all_hashes_go_to_the_merged_issue(node: Node) -> None:
    await node.store(event(error_code="A"), event(error_code="B"))
    a, b = await issue_of(node, "A"), await issue_of(node, "B")
    await act(node, Merge(into=a), b)
    await node.store(event(error_code="B"), event(error_code="A"))
    assert await node.rows("SELECT id, count FROM error_logs.issues") == [{"id": a, "count": 4}]
    with pytest.raises(NotFound):
        await read_issues.find_issue(node.connection, b, None)
    issue = await read_issues.find_issue(node.connection, a, None)
    hashes = await read_issues.hashes_of(node.connection, a)
    page = await read_events.issue_events(node.connection, issue, hashes, IssueEventQuery())
    assert [item.error_code for item in page.items].count("B") == 2


async def test_comments_follow_a_merge_and_its_undo(node: Node) -> None:
    connection = node.connection
    await node.store(event(error_code="A"), event(error_code="B"), event(error_code="C"))
    a, b, c = [await issue_of(node, code) for code in "ABC"]
    for issue in (a, b, c):
        await activity.write(connection, issue, Comment(f"of {issue}"), None, COMMAND)
    await act(node, Merge(into=b), c)
    token = await act(node, Merge(into=a), b)
    assert token is not None

    async def comments(issue: UUID) -> set[str | None]:
        page = await activity.listed(connection, issue, PageQuery(limit=50), None)
        return {entry.body for entry in page.items if entry.kind == "comment"}

    assert await comments(a) == {f"of {a}", f"of {b}", f"of {c}"}
    await workflow.undo(connection, token, None, COMMAND)
    assert await comments(a) == {f"of {a}"}
    assert await comments(b) == {f"of {b}", f"of {c}"}


async def test_undoing_a_merge_brings_the_issue_back_as_it_was(node: Node) -> None:
    """Under its own address, with its status and history."""
    await node.store(event(error_code="A"), event(error_code="B"))
    a, b = await issue_of(node, "A"), await issue_of(node, "B")
    await act(node, Resolve(), b)
    await node.store(event(error_code="B", received_at=LATER))
    await act(node, Resolve(in_release="2.0"), b)
    before = await read_issues.find_issue(node.connection, b, None)
    assert before.regressions == 1
    token = await act(node, Merge(into=a), a, b)
    assert token is not None
    undone = await workflow.undo(node.connection, token, None, COMMAND)
    assert (undone.restored, undone.skipped) == ([b], [])
    assert await read_issues.find_issue(node.connection, b, None) == before


async def where(node: Node, issue: UUID, apps: frozenset[str] | None = None) -> UUID | None:
    """Where an issue's address leads."""
    try:
        return (await read_issues.find_issue(node.connection, issue, apps)).id
    except Moved as moved:
        return moved.into
    except NotFound:
        return None


async def test_addresses_of_merged_issues_follow_their_hashes(node: Node) -> None:
    """Through further merges, undoing, taking out and deleting."""
    await node.store(*(event(error_code=code) for code in "ABC"))
    a, b, c = [await issue_of(node, code) for code in "ABC"]
    own = [key.grouping_hash for key in await read_issues.hashes_of(node.connection, c)]
    await act(node, Merge(into=b), c)
    token = await act(node, Merge(into=a), b)
    assert [await where(node, id_) for id_ in (a, b, c)] == [a, a, a]
    assert await where(node, c, frozenset({"shop"})) is None
    assert token is not None
    await workflow.undo(node.connection, token, None, COMMAND)
    assert [await where(node, id_) for id_ in (a, b, c)] == [a, b, b]
    await act(node, Merge(into=a), b)
    made = await workflow.unmerge(node.connection, a, own, None, COMMAND)
    assert [await where(node, id_) for id_ in (a, b, c)] == [a, a, made]
    await act(node, Delete(), made)
    assert await where(node, c) is None
    await node.store(event(error_code="C"))
    assert await where(node, c) == await issue_of(node, "C")


async def test_a_merged_issue_says_what_it_was_merged_from(node: Node) -> None:
    await node.store(*(event(error_code=code, message=code) for code in "ABB"))
    a, b = await issue_of(node, "A"), await issue_of(node, "B")
    assert await read_issues.groups_of(node.connection, a, None) == []
    await act(node, Merge(into=a), b)
    await node.store(event(error_code="B", message="B"))
    groups = await read_issues.groups_of(node.connection, a, None)
    assert [(group.title, group.count) for group in groups] == [
        ("TypeError: B", 3),
        ("TypeError: A", 1),
    ]


async def test_a_threshold_counts_what_comes_not_what_is_merged(node: Node) -> None:
    await node.store(*(event(error_code=code) for code in "ABBB"))
    a, b = await issue_of(node, "A"), await issue_of(node, "B")
    await act(node, Ignore(events=2), a)
    await act(node, Merge(into=a), b)
    issue = await read_issues.find_issue(node.connection, a, None)
    assert issue.condition == UntilEvents(2, 6)
    keys = await read_issues.hashes_of(node.connection, a)
    own = [key.grouping_hash for key in keys][:1]
    made = await workflow.unmerge(node.connection, a, own, None, COMMAND)
    for id_ in (a, made):
        part = await read_issues.find_issue(node.connection, id_, None)
        assert part.condition == UntilEvents(2, part.count + 2)


async def test_only_issues_of_one_app_are_one_problem(
    connection: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, shop = await add_issue(connection), await add_issue(connection, app_id="shop")
    with pytest.raises(BadRequest):
        await workflow.act(connection, [shop], Merge(into=chat), None, COMMAND)
    with pytest.raises(NotFound):
        await workflow.act(connection, [chat], Merge(into=uuid4()), None, COMMAND)
    seen = frozenset({"chat"})
    with pytest.raises(NotFound):
        await workflow.act(connection, [chat], Merge(into=shop), seen, COMMAND)
    monkeypatch.setattr(merging, "MAX_HASHES", 1)
    other = await add_issue(connection)
    with pytest.raises(Conflict):
        await workflow.act(connection, [other], Merge(into=chat), None, COMMAND)
    assert await connection.fetchval("SELECT count(*) FROM error_logs.issues") == 3


async def test_an_issue_keeps_a_hash(connection: db.Connection) -> None:
    """All of them would be the same issue under another address."""
    issue = await add_issue(connection)
    for hashes in ([issue], [uuid4()]):
        with pytest.raises(BadRequest):
            await workflow.unmerge(connection, issue, hashes, None, COMMAND)


async def until_waiting(node: Node, task: asyncio.Task[Any]) -> None:
    """Until the task waits for a lock, or is done without one."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not task.done() and not await node.connection.fetchval(waiting):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def digested(node: Node, *codes: str) -> None:
    """Stored, and not folded yet."""
    stopping = asyncio.Event()
    stopping.set()
    await node.spool([event(error_code=code) for code in codes])
    await node.digest().run(stopping)


async def counted(node: Node) -> list[tuple[int, int]]:
    """Of each issue: its own count, and that of its hashes."""
    rows = await node.rows(
        "SELECT i.count, (SELECT sum(r.count)::bigint FROM error_logs.issue_hashes h "
        "JOIN error_logs.rollups r USING (grouping_hash) WHERE h.issue_id = i.id) AS of_hashes "
        "FROM error_logs.issues i"
    )
    return [(row["count"], row["of_hashes"]) for row in rows]


async def test_a_fold_that_meets_a_merge_loses_no_count(node: Node) -> None:
    """It must not go by where the hashes belonged before."""
    await node.store(event(error_code="A"), event(error_code="B"))
    a, b = await issue_of(node, "A"), await issue_of(node, "B")
    await digested(node, "A", "B", "B")
    other = await db.connect(node.dsn)
    async with node.connection.transaction():
        await act(node, Merge(into=a), b)
        folding = asyncio.create_task(fold_once(other))
        await until_waiting(node, folding)
    await folding
    await other.close()
    assert await counted(node) == [(5, 5)]


async def test_a_merge_that_meets_a_fold_loses_no_count(node: Node) -> None:
    """It must add up what the fold has written."""
    await node.store(event(error_code="A"), event(error_code="B"))
    a, b = await issue_of(node, "A"), await issue_of(node, "B")
    await digested(node, "A", "B", "B")
    other = await db.connect(node.dsn)
    async with node.connection.transaction():
        await fold_once(node.connection)
        task = asyncio.create_task(workflow.act(other, [b], Merge(into=a), None, COMMAND))
        await until_waiting(node, task)
    await task
    await other.close()
    assert await counted(node) == [(5, 5)]


# --- deleting


async def test_a_deleted_issue_is_gone_and_its_events_are_not_seen(node: Node) -> None:
    """At once, before they are deleted."""
    await node.store(event(error_code="A", user_id="u"), event(error_code="B"))
    a = await issue_of(node, "A")
    [seen] = await node.rows("SELECT id FROM error_logs.error_logs WHERE error_code = 'A'")
    await activity.write(node.connection, a, Comment("x"), None, COMMAND)
    assert await act(node, Delete(), a) is None
    with pytest.raises(NotFound):
        await read_issues.find_issue(node.connection, a, None)
    with pytest.raises(NotFound):
        await read_events.find_event(node.connection, seen["id"], None)
    page = await read_events.list_events(node.connection, EventQuery(), None)
    assert [item.error_code for item in page.items] == ["B"]
    for table in ("issues", "rollups"):
        assert len(await node.rows(f"SELECT 1 FROM error_logs.{table}")) == 1
    for table in ("user_sketches", "activity", "merged_hashes"):
        assert await node.rows(f"SELECT 1 FROM error_logs.{table}") == []


async def test_a_deleted_issue_s_events_go_and_their_bytes_are_free(node: Node) -> None:
    yesterday = NOW - timedelta(days=1)
    await node.store(*(event(error_code="A", occurred_at=yesterday) for _ in range(3)))
    await node.store(event(error_code="A"), event(error_code="B"))
    await act(node, Delete(), await issue_of(node, "A"))
    await cleaning.purge(node.connection)
    assert await node.rows("SELECT error_code FROM error_logs.error_logs") == [{"error_code": "B"}]
    rows = await node.rows("SELECT events, bytes > 0 AS some FROM error_logs.app_days ORDER BY day")
    assert rows == [{"events": 0, "some": False}, {"events": 1, "some": True}]


async def test_new_events_of_a_deleted_issue_make_a_new_one(node: Node) -> None:
    """That knows why they are together, though the digest has said it before; and nothing of it is
    deleted."""
    await node.store(event(error_code="A"))
    digest = node.digest()
    stopping = asyncio.Event()
    stopping.set()
    await node.spool([event(error_code="A")])
    await digest.run(stopping)
    await node.drain()
    a = await issue_of(node, "A")
    await act(node, Delete(), a)
    await node.spool([event(error_code="A", received_at=LATER)])
    await digest.run(stopping)
    await node.drain()
    await cleaning.purge(node.connection)
    [issue] = await node.rows("SELECT id, count FROM error_logs.issues")
    assert issue["count"] == 1
    assert issue["id"] != a
    detail = await read_issues.describe_issue(node.connection, issue["id"], None)
    assert detail.hashes[0].components
    assert detail.latest_event_id is not None
    assert len(await node.rows("SELECT 1 FROM error_logs.error_logs")) == 1


async def test_events_on_their_way_go_with_the_deleted_issue(node: Node) -> None:
    """They were received before it was deleted, and are counted after."""
    await node.store(event(error_code="A"))
    stopping = asyncio.Event()
    stopping.set()
    await node.spool([event(error_code="A")])
    await node.digest().run(stopping)
    await act(node, Delete(), await issue_of(node, "A"))
    await node.drain()
    assert await node.rows("SELECT 1 FROM error_logs.issues") == []
    await cleaning.purge(node.connection)
    await node.store(event(error_code="A"))
    await cleaning.purge(node.connection)
    for table in ("issues", "error_logs", "deltas"):
        assert await node.rows(f"SELECT 1 FROM error_logs.{table}") == [], table


async def test_a_deletion_is_looked_after_for_an_hour(node: Node) -> None:
    await node.store(event(error_code="A"))
    await act(node, Delete(), await issue_of(node, "A"))
    await cleaning.purge(node.connection)
    assert len(await deleting.orphans(node.connection)) == 1
    await node.connection.execute(
        "UPDATE error_logs.issue_hashes SET deleted_at = deleted_at - interval '61 minutes'"
    )
    await cleaning.purge(node.connection)
    assert await deleting.orphans(node.connection) == []


# --- forgetting


@pytest.mark.parametrize(
    ("days", "kept"), [({}, 90), ({"retention_days": 120}, 120), ({"issue_retention_days": 7}, 30)]
)
async def test_issues_outlive_their_events_for_a_while(
    connection: db.Connection, days: dict[str, int], kept: int
) -> None:
    now = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    old = await add_issue(connection, last_seen=now - timedelta(days=kept, seconds=1))
    recent = await add_issue(connection, last_seen=now - timedelta(days=kept))
    await cleaning.forget(connection, Settings(**days), now)
    rows = await connection.fetch("SELECT id FROM error_logs.issues")
    assert [row["id"] for row in rows] == [recent]
    hashes = await connection.fetch("SELECT issue_id FROM error_logs.issue_hashes")
    assert [row["issue_id"] for row in hashes] == [recent], old


async def test_what_somebody_cares_about_is_not_forgotten(
    connection: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "ISSUES", 2)
    old = {"last_seen": NOW - timedelta(days=400)}
    cared_for = [
        await add_issue(connection, status="ignored", **old),
        await add_issue(connection, assignee=uuid4(), **old),
        await add_issue(connection, **old),
    ]
    await activity.write(connection, cared_for[2], Comment("still here?"), None, COMMAND)
    for _ in range(5):
        await add_issue(connection, status="resolved", resolved_at=NOW, **old)
    await cleaning.forget(connection, Settings(), NOW)
    rows = await connection.fetch("SELECT id FROM error_logs.issues ORDER BY id")
    assert [row["id"] for row in rows] == cared_for


async def test_deletions_and_releases_without_events_are_forgotten(node: Node) -> None:
    old = NOW - timedelta(days=29)
    await node.store(
        event(error_code="A", release="1", occurred_at=old),
        event(error_code="B", release="2", occurred_at=old),
        event(error_code="C", release="3"),
    )
    await act(node, Resolve(in_release="2"), await issue_of(node, "C"))
    await act(node, Delete(), await issue_of(node, "A"))
    await cleaning.forget(node.connection, Settings(), NOW + timedelta(days=80))
    assert len(await node.rows("SELECT 1 FROM error_logs.issue_hashes")) == 3
    await deleting.forget_rest(node.connection, NOW + timedelta(hours=1))
    rows = await node.rows("SELECT version FROM error_logs.releases")
    assert [row["version"] for row in rows] == ["2"]
    orphaned = "SELECT 1 FROM error_logs.issue_hashes WHERE issue_id IS NULL"
    assert await node.rows(orphaned) == []
