"""What was done about issues. Written in the transaction of the change."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import Conflict, Forbidden, NotFound
from mana_errors.model.activity import Comment, Entry, Kind, Link
from mana_errors.model.event import JsonObject
from mana_errors.model.ids import uuid7
from mana_errors.model.principal import Apps
from mana_errors.model.query import PageQuery
from mana_errors.model.reading import Page
from mana_errors.store import audit, fold
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.paging import after, page_of
from mana_errors.store.queries import load
from mana_errors.store.read_issues import find_issue

_SQL: Final = load("activity")
# Comments and links of one issue: nobody reads more, and somebody may write by a script.
MAX_WRITTEN: Final = 1000


class NewEntry(msgspec.Struct, frozen=True):
    """What is written down."""

    issue: UUID
    kind: Kind
    details: JsonObject
    body: str | None = None


async def note(connection: Connection, actor: Actor, entries: Sequence[NewEntry]) -> list[UUID]:
    """Write entries down; their ids."""
    ids = [uuid7() for _ in entries]
    await connection.execute(
        _SQL["note"],
        ids,
        [entry.issue for entry in entries],
        [actor.name for _ in entries],
        [entry.kind for entry in entries],
        [entry.body for entry in entries],
        [entry.details for entry in entries],
    )
    return ids


async def listed(
    connection: Connection, issue_id: UUID, query: PageQuery, apps: Apps
) -> Page[Entry]:
    """What was done about an issue, the latest first; it ends with the issue's beginning, which no
    fold has to write. Raises NotFound."""
    await find_issue(connection, issue_id, apps)
    values = (issue_id, after(query), query.limit + 1)
    rows = await connection.fetch(_SQL["entries"], *values)
    page = page_of([msgspec.convert(dict(row), Entry) for row in rows], query)
    if page.next is None:
        page.items.append(await _beginning(connection, issue_id))
    return page


async def _beginning(connection: Connection, issue_id: UUID) -> Entry:
    row = await connection.fetchrow(_SQL["beginning"], issue_id)
    if row is None:
        raise NotFound(f"there is no issue {issue_id}")
    release = row["first_release"]
    details = {} if release is None else {"release": release}
    return Entry(row["id"], row["created_at"], "server", Kind.NEW, None, details, None)


async def write(
    connection: Connection, issue_id: UUID, text: Comment | Link, apps: Apps, actor: Actor
) -> Entry:
    """Add a comment or a link. Raises NotFound, Conflict when there are too many."""
    async with connection.transaction():
        await fold.hold(connection)
        issue = await find_issue(connection, issue_id, apps)
        if await connection.fetchval(_SQL["written"], issue_id) >= MAX_WRITTEN:
            raise Conflict(f"an issue has at most {MAX_WRITTEN} comments and links")
        if isinstance(text, Comment):
            new = NewEntry(issue_id, Kind.COMMENT, {}, text.text)
        else:
            new = NewEntry(issue_id, Kind.LINK, {"title": text.title}, text.url)
        [entry_id] = await note(connection, actor, [new])
        await _audit(connection, actor, f"issue.{new.kind}", entry_id, issue.app)
        return await _entry(connection, issue_id, entry_id)


async def edit(  # noqa: PLR0913 - an entry is named by two ids, a change has an actor
    connection: Connection,
    issue_id: UUID,
    entry_id: UUID,
    text: str,
    *,
    apps: Apps,
    actor: Actor,
) -> Entry:
    """Change one's own comment. Raises NotFound, Forbidden."""
    async with connection.transaction():
        issue = await find_issue(connection, issue_id, apps)
        entry = await _entry(connection, issue_id, entry_id)
        if entry.kind is not Kind.COMMENT or entry.actor != actor.name:
            raise Forbidden("only comments can be changed, and only by who wrote them")
        await connection.execute(_SQL["rewrite"], entry_id, text)
        await _audit(connection, actor, "issue.comment_edit", entry_id, issue.app)
        return await _entry(connection, issue_id, entry_id)


async def remove(  # noqa: PLR0913 - an entry is named by two ids, a change has an actor
    connection: Connection,
    issue_id: UUID,
    entry_id: UUID,
    *,
    apps: Apps,
    actor: Actor,
    any_author: bool,
) -> None:
    """Delete a comment or link: one's own, or of anybody. Raises NotFound, Forbidden."""
    async with connection.transaction():
        issue = await find_issue(connection, issue_id, apps)
        entry = await _entry(connection, issue_id, entry_id)
        if entry.kind not in {Kind.COMMENT, Kind.LINK}:
            raise Forbidden("only comments and links can be deleted")
        if entry.actor != actor.name and not any_author:
            raise Forbidden("only by who wrote it, or an admin")
        await connection.execute(_SQL["remove"], entry_id)
        await _audit(connection, actor, f"issue.{entry.kind}_delete", entry_id, issue.app)


async def _entry(connection: Connection, issue_id: UUID, entry_id: UUID) -> Entry:
    row = await connection.fetchrow(_SQL["entry"], entry_id, issue_id)
    if row is None:
        raise NotFound("the issue has no such entry")
    return msgspec.convert(dict(row), Entry)


async def _audit(
    connection: Connection, actor: Actor, action: str, entry_id: UUID, app: str
) -> None:
    await audit.note(connection, actor, action, str(entry_id), app=app)
