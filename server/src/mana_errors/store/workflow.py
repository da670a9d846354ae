"""What people do about issues: each action in one transaction, with its activity, its entry in the
audit log and what takes it back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest, NotFound
from mana_errors.model.action import (
    Acted,
    Action,
    Assign,
    Change,
    Delete,
    Ignore,
    Merge,
    Prioritize,
    Reopen,
    Resolve,
    State,
    Undo,
    Undone,
)
from mana_errors.model.activity import Kind
from mana_errors.model.condition import (
    Condition,
    InNextRelease,
    InRelease,
    UntilEvents,
    UntilRate,
    UntilTime,
    UntilUsers,
)
from mana_errors.model.event import JsonObject
from mana_errors.model.ids import uuid7
from mana_errors.model.issue import IssueStatus
from mana_errors.model.principal import Apps
from mana_errors.model.query import in_utc
from mana_errors.model.reading import Assignee
from mana_errors.store import activity, audit, deleting, fold, merging, partitions, releases
from mana_errors.store.activity import NewEntry
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("workflow")
# How long a page may offer to take an action back.
UNDO_FOR: Final = timedelta(hours=1)
# More is no list to pick from.
MAX_ASSIGNEES: Final = 1000
_KINDS: Final = {
    IssueStatus.RESOLVED: Kind.RESOLVED,
    IssueStatus.UNRESOLVED: Kind.REOPENED,
    IssueStatus.IGNORED: Kind.IGNORED,
}


async def act(
    connection: Connection, ids: Sequence[UUID], action: Action, apps: Apps, actor: Actor
) -> Acted:
    """Do one thing about these issues, or about none of them. Raises NotFound for one that is of
    another app too, BadRequest and Conflict for what cannot be done."""
    async with connection.transaction():
        await fold.hold(connection)
        before = await _all_states(connection, ids, apps)
        now = await partitions.clock(connection)
        match action:
            case Merge(into=into_id):
                into = (await _all_states(connection, [into_id], apps))[into_id]
                merged = await merging.merge(connection, into, list(before.values()), actor)
                changed, undo = [one.id for one in merged], Undo(merged=merged)
            case Delete():
                await deleting.delete(connection, list(before.values()), actor, now)
                return Acted(list(before), None)
            case _:
                wanted = [await _changed(connection, one, action, now) for one in before.values()]
                after = await _replace(connection, before, wanted, actor, now)
                changed = [state.id for state in after]
                undo = Undo([before[id_] for id_ in changed], after)
        return Acted(changed, await _remember(connection, actor, undo) if changed else None)


async def undo(connection: Connection, token: UUID, apps: Apps, actor: Actor) -> Undone:
    """Take one's own action back, where nothing else was done since. Raises NotFound for one that
    is unknown, undone or too old."""
    async with connection.transaction():
        await fold.hold(connection)
        now = await partitions.clock(connection)
        body = await connection.fetchval(_SQL["recall"], token, actor.name, now - UNDO_FOR)
        if body is None:
            raise NotFound("there is nothing to take back: unknown, done before, or too long ago")
        undo = msgspec.convert(body, Undo)
        restored = await _bring_back(connection, undo, apps, actor, now)
        restored += await _take_apart(connection, undo, apps, actor, now)
    ids = [*(state.id for state in undo.before), *(merged.id for merged in undo.merged)]
    return Undone(restored, [id_ for id_ in ids if id_ not in restored])


async def _bring_back(
    connection: Connection, undo: Undo, apps: Apps, actor: Actor, now: datetime
) -> list[UUID]:
    """Those issues that nobody changed since get their states back."""
    present = await states(connection, [state.id for state in undo.after], apps)
    same = {state.id for state in undo.after if present.get(state.id) == state}
    wanted = [state for state in undo.before if state.id in same]
    await _replace(connection, present, wanted, actor, now)
    return [state.id for state in wanted]


async def _take_apart(
    connection: Connection, undo: Undo, apps: Apps, actor: Actor, now: datetime
) -> list[UUID]:
    """Merged issues whose hashes are still together get them back, and their states."""
    restored: list[UUID] = []
    for merged in undo.merged:
        seen = apps is None or merged.state.app_id in apps
        if seen and await merging.unmerge_again(connection, merged, actor):
            present = await states(connection, [merged.id], apps)
            await _replace(connection, present, [merged.state], actor, now)
            restored.append(merged.id)
    return restored


async def unmerge(
    connection: Connection, issue_id: UUID, hashes: Collection[UUID], apps: Apps, actor: Actor
) -> UUID:
    """Make some of an issue's hashes an issue of their own; its id. Raises NotFound, BadRequest."""
    async with connection.transaction():
        await fold.hold(connection)
        state = (await _all_states(connection, [issue_id], apps))[issue_id]
        return await merging.unmerge(connection, state, hashes, actor)


async def forget_undos(connection: Connection, now: datetime) -> None:
    """Drop what nobody can take back any more."""
    await connection.execute(_SQL["forget"], now - UNDO_FOR)


async def assignees(connection: Connection, apps: Sequence[str]) -> list[Assignee]:
    """Who may take care of the issues of all these apps."""
    rows = await connection.fetch(_SQL["assignees"], list(apps), MAX_ASSIGNEES)
    return [Assignee(**dict(row)) for row in rows]


async def states(connection: Connection, ids: Sequence[UUID], apps: Apps) -> dict[UUID, State]:
    """Those of the issues that are of these apps, in the order that was asked for."""
    seen = None if apps is None else list(apps)
    rows = await connection.fetch(_SQL["states"], list(ids), seen)
    found = {row["id"]: msgspec.convert(dict(row), State) for row in rows}
    return {id_: found[id_] for id_ in ids if id_ in found}


async def _all_states(connection: Connection, ids: Sequence[UUID], apps: Apps) -> dict[UUID, State]:
    found = await states(connection, ids, apps)
    if missing := set(ids) - found.keys():
        raise NotFound(f"there is no issue {min(missing)}")
    return found


async def _changed(connection: Connection, state: State, action: Change, now: datetime) -> State:
    replace = msgspec.structs.replace
    match action:
        case Assign(member=member):
            if member is not None:
                await _check_assignee(connection, state.app_id, member)
            return replace(state, assignee=member)
        case Prioritize(priority=priority):
            return replace(state, priority=priority)
        case Reopen():
            status, resolved_at, condition = IssueStatus.UNRESOLVED, None, None
        case Resolve():
            # Resolving again changes no time: what happened since the first one still counts.
            status, resolved_at = IssueStatus.RESOLVED, state.resolved_at or now
            condition = await _resolution(connection, state.app_id, action)
        case Ignore():
            status, resolved_at = IssueStatus.IGNORED, None
            condition = await _ignoring(connection, state.id, action, now)
    return replace(state, status=status, resolved_at=resolved_at, condition=condition)


async def _check_assignee(connection: Connection, app_id: str, member: UUID) -> None:
    if await connection.fetchval(_SQL["assignee"], member, app_id) is None:
        raise BadRequest(f"member: nobody who may take care of issues of {app_id!r}")


async def _resolution(connection: Connection, app_id: str, action: Resolve) -> Condition | None:
    if action.in_release is not None:
        if action.in_next_release:
            raise BadRequest("inRelease: not together with inNextRelease")
        return InRelease(action.in_release)
    if action.in_next_release:
        newest = await releases.latest_of(connection, app_id)
        return InNextRelease(None if newest is None else newest.version)
    return None


async def _ignoring(
    connection: Connection, issue_id: UUID, action: Ignore, now: datetime
) -> Condition | None:
    given = (action.until, action.events, action.per_hour, action.users)
    if sum(value is not None for value in given) > 1:
        raise BadRequest("until, events, perHour, users: one of them")
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = await connection.fetchrow(_SQL["numbers"], issue_id, hour)
    assert row is not None  # noqa: S101 - its state was read in this transaction, which holds
    if action.until is not None:
        if (until := in_utc(action.until)) <= now:
            raise BadRequest("until: is over")
        return UntilTime(until)
    if action.events is not None:
        return UntilEvents(action.events, row["count"] + action.events)
    if action.per_hour is not None:
        return UntilRate(action.per_hour, hour, row["this_hour"])
    if action.users is not None:
        if action.users <= row["users"]:
            raise BadRequest(f"users: {row['users']} met it already")
        return UntilUsers(action.users)
    return None


async def _replace(
    connection: Connection,
    before: dict[UUID, State],
    after: Sequence[State],
    actor: Actor,
    now: datetime,
) -> list[State]:
    """Write those states that are new, and who made them so; these states."""
    changed = [state for state in after if state != before[state.id]]
    if changed:
        await connection.execute(
            _SQL["save"],
            [state.id for state in changed],
            [state.status for state in changed],
            [_stored(state.condition) for state in changed],
            [state.resolved_at for state in changed],
            [state.assignee for state in changed],
            [state.priority for state in changed],
        )
        hour = now.replace(minute=0, second=0, microsecond=0)
        same_hour = await _releases_of_hour(connection, changed, hour)
        for state in changed:
            entries = await _told(connection, before[state.id], state, same_hour)
            await activity.note(connection, actor, entries)
            for entry in entries:
                await _audit(connection, actor, state, entry)
    return changed


def _stored(condition: Condition | None) -> JsonObject | None:
    return None if condition is None else msgspec.to_builtins(condition)


async def _releases_of_hour(
    connection: Connection, changed: Sequence[State], hour: datetime
) -> dict[UUID, JsonObject]:
    """Of issues that are resolved now: what this hour had before, by release. Whether the fix works
    is counted in whole hours but for this one."""
    resolved = [state.id for state in changed if state.status is IssueStatus.RESOLVED]
    found: dict[UUID, JsonObject] = {id_: {} for id_ in resolved}
    for row in await connection.fetch(_SQL["releases_of_hour"], resolved, hour):
        found[row["issue_id"]][row["release"]] = row["count"]
    return found


async def _told(
    connection: Connection, old: State, new: State, same_hour: dict[UUID, JsonObject]
) -> list[NewEntry]:
    """What the difference is called."""
    entries: list[NewEntry] = []
    if (old.status, old.condition) != (new.status, new.condition):
        details: JsonObject = {"from": old.status, "to": new.status}
        if new.condition is not None:
            details["condition"] = _stored(new.condition)
        if new.status is IssueStatus.RESOLVED:
            details["sameHour"] = same_hour[new.id]
        entries.append(NewEntry(new.id, _KINDS[new.status], details))
    if old.assignee != new.assignee:
        details = {
            "from": await _email(connection, old.assignee),
            "to": await _email(connection, new.assignee),
        }
        entries.append(NewEntry(new.id, Kind.ASSIGNED, details))
    if old.priority is not new.priority:
        details = {"from": old.priority, "to": new.priority}
        entries.append(NewEntry(new.id, Kind.PRIORITY, details))
    return entries


async def _email(connection: Connection, member: UUID | None) -> str | None:
    return None if member is None else await connection.fetchval(_SQL["email"], member)


_AUDITED: Final = {Kind.ASSIGNED: "issue.assign", Kind.PRIORITY: "issue.priority"}


async def _audit(connection: Connection, actor: Actor, state: State, entry: NewEntry) -> None:
    action = _AUDITED.get(entry.kind, "issue.status")
    details = {name: value for name, value in entry.details.items() if name != "sameHour"}
    await audit.note(connection, actor, action, str(state.id), details, app=state.app_id)


async def _remember(connection: Connection, actor: Actor, undo: Undo) -> UUID:
    token = uuid7()
    await connection.execute(_SQL["remember"], token, actor.name, msgspec.to_builtins(undo))
    return token
