"""Merging issues and taking them apart again, exactly.

Events belong to a grouping hash, hashes to an issue. Counts and users are kept by hash, so merging
moves hashes and adds up anew. What else an issue says (words, first and last seen) is kept by hash
while an issue has several (table merged_hashes); triage adds to both.

Everything here belongs into a transaction that holds (store/fold.py).
"""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest, Conflict
from mana_errors.model.action import Merged, State
from mana_errors.model.activity import Kind
from mana_errors.model.ids import uuid7
from mana_errors.store import activity, audit, fold
from mana_errors.store.activity import NewEntry
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("merging")
# Every look at an issue's events asks for all of its hashes.
MAX_HASHES: Final = 1000


async def merge(
    connection: Connection, into: State, states: Sequence[State], actor: Actor
) -> list[Merged]:
    """Make the issues part of another one, which keeps its status; what takes it back.

    Raises BadRequest for issues of another app, Conflict when they have too many hashes.
    """
    others = [state for state in states if state.id != into.id]
    if any(state.app_id != into.app_id for state in others):
        raise BadRequest("into: issues of one app can be merged")
    if not others:
        return []
    ids = [state.id for state in others]
    rows = await connection.fetch(_SQL["issues"], [into.id, *ids])
    of_issue = {row["id"]: row for row in rows}
    hashes = [key for id_ in ids for key in of_issue[id_]["hashes"]]
    if len(hashes) + len(of_issue[into.id]["hashes"]) > MAX_HASHES:
        raise Conflict(f"an issue has at most {MAX_HASHES} grouping hashes")
    await connection.execute(_SQL["keep_facts"], [into.id, *ids])
    await connection.execute(_SQL["move_hashes"], hashes, into.id)
    first = [of_issue[id_]["hashes"][0] for id_ in ids]
    await connection.execute(_SQL["keep_addresses"], ids, first)
    await connection.execute(_SQL["move_activity"], ids, into.id)
    await connection.execute(_SQL["move_alerts"], ids, into.id)
    await connection.execute(_SQL["drop_issues"], ids)
    await _settle(connection, [into.id])
    told = [{"id": id_, "title": of_issue[id_]["title"]} for id_ in ids]
    await _tell(connection, actor, Kind.MERGED, into.app_id, {into.id: {"issues": told}})
    return [
        msgspec.convert({**dict(of_issue[state.id]), "state": state, "into": into.id}, Merged)
        for state in others
    ]


async def unmerge(
    connection: Connection, issue: State, hashes: Collection[UUID], actor: Actor
) -> UUID:
    """Make some of an issue's hashes an issue of their own, in the same status; its id. Raises
    BadRequest for hashes of another issue, or all of them."""
    own = await hashes_of(connection, issue.id)
    if not set(hashes) < own:
        raise BadRequest("hashes: some of the issue's, but not all")
    made = uuid7()
    await _split(connection, issue.id, hashes, made)
    await _settle(connection, [issue.id, made])
    await _tell_unmerged(connection, actor, issue.app_id, issue.id, made)
    return made


async def unmerge_again(connection: Connection, merged: Merged, actor: Actor) -> bool:
    """Give a merged issue its hashes, state, activity and id back, and what came for its hashes
    since; False when its hashes have moved on."""
    own = await hashes_of(connection, merged.into)
    if not set(merged.hashes) < own:
        return False
    await _split(connection, merged.into, merged.hashes, merged.id)
    values = (merged.created_at, merged.regressed_at, merged.regressions, merged.escalated_at)
    await connection.execute(_SQL["restore"], merged.id, *values)
    for move in ("return_activity", "return_alerts"):
        await connection.execute(_SQL[move], merged.into, merged.origins, merged.id)
    await _settle(connection, [merged.into, merged.id])
    await _tell_unmerged(connection, actor, merged.state.app_id, merged.into, merged.id)
    return True


async def hashes_of(connection: Connection, issue_id: UUID) -> set[UUID]:
    """An issue's grouping hashes; none when it is gone."""
    rows = await connection.fetch(_SQL["issues"], [issue_id])
    return {key for row in rows for key in row["hashes"]}


async def _split(
    connection: Connection, issue_id: UUID, hashes: Collection[UUID], made: UUID
) -> None:
    await connection.execute(_SQL["keep_facts"], [issue_id])
    await connection.execute(_SQL["split"], issue_id, made)
    await connection.execute(_SQL["move_hashes"], list(hashes), made)


async def _settle(connection: Connection, issues: list[UUID]) -> None:
    """Add up anew what these issues are. Issues are written before sketches are read: erasing a
    person relies on it."""
    await connection.execute(_SQL["describe"], issues)
    await connection.execute(_SQL["forget_facts"], issues)
    await fold.recount_issues(connection, issues)


async def _tell_unmerged(
    connection: Connection, actor: Actor, app_id: str, issue_id: UUID, made: UUID
) -> None:
    told: dict[UUID, dict[str, object]] = {issue_id: {"into": made}, made: {"from": issue_id}}
    await _tell(connection, actor, Kind.UNMERGED, app_id, told)


async def _tell(
    connection: Connection,
    actor: Actor,
    kind: Kind,
    app_id: str,
    told: dict[UUID, dict[str, object]],
) -> None:
    entries = [NewEntry(issue_id, kind, details) for issue_id, details in told.items()]
    await activity.note(connection, actor, entries)
    action = "issue.merge" if kind is Kind.MERGED else "issue.unmerge"
    subject, details = next(iter(told.items()))
    await audit.note(connection, actor, action, str(subject), details, app=app_id)
