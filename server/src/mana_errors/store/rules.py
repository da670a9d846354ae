"""Rules as people keep them."""

from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from mana_errors.errors import BadRequest, Conflict, NotFound, SearchSyntax
from mana_errors.model.event import JsonObject
from mana_errors.model.ids import uuid7
from mana_errors.model.principal import Apps, Principal
from mana_errors.model.rule import QuietHours, Rule, Silent, StoredRule
from mana_errors.model.search import Search, Subject, parse_search
from mana_errors.store import apps, audit
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("rules")
# Each is tried on each issue of a fold.
MAX_RULES: Final = 500


async def version(connection: Connection) -> int:
    """Another one means that rules have changed."""
    return await connection.fetchval(_SQL["version"])


async def everything(connection: Connection) -> tuple[list[StoredRule], dict[UUID, str]]:
    """All rules, by name; and why some can be read no more."""
    readable: list[StoredRule] = []
    broken: dict[UUID, str] = {}
    for row in await connection.fetch(_SQL["list"]):
        try:
            readable.append(_stored(dict(row)))
        except msgspec.ValidationError as error:
            broken[row["id"]] = str(error)
    return readable, broken


async def listed(connection: Connection, seen: Apps) -> list[StoredRule]:
    """The rules of apps that somebody sees, by name. Other apps of theirs are left out."""
    readable, _ = await everything(connection)
    return [shown for stored in readable if (shown := _shown(stored, seen))]


async def find(connection: Connection, rule_id: UUID, seen: Apps) -> StoredRule:
    """One rule, as in the list. Raises NotFound."""
    row = await connection.fetchrow(_SQL["find"], rule_id)
    shown = None if row is None else _shown(_stored(dict(row)), seen)
    if shown is None:
        raise NotFound(f"there is no rule {rule_id}")
    return shown


async def own(connection: Connection, rule_id: UUID, principal: Principal) -> StoredRule:
    """A rule of whose apps somebody sees all. Raises NotFound, also where they see none of them;
    else Forbidden."""
    await find(connection, rule_id, principal.apps)
    stored = await find(connection, rule_id, None)
    principal.must_see_each(stored.rule.apps)
    return stored


async def create(connection: Connection, rule: Rule, actor: Actor) -> StoredRule:
    """Keep a rule. Raises BadRequest naming the field, Conflict when there are too many."""
    rule_id = uuid7()
    async with connection.transaction():
        await connection.execute(_SQL["bump"])
        if await connection.fetchval(_SQL["count"]) >= MAX_RULES:
            raise Conflict(f"there are {MAX_RULES} rules: delete one first")
        await check(connection, rule)
        await connection.execute(_SQL["create"], rule_id, msgspec.to_builtins(rule))
        await _note(connection, actor, "rule.create", rule_id, rule)
        return await find(connection, rule_id, None)


async def change(connection: Connection, rule_id: UUID, rule: Rule, actor: Actor) -> StoredRule:
    """Put a rule in the place of another. Raises NotFound, BadRequest naming the field. A rule that
    cannot be applied any more, for its channel is gone, can still be switched."""
    async with connection.transaction():
        await connection.execute(_SQL["bump"])
        old = (await find(connection, rule_id, None)).rule
        if msgspec.structs.replace(old, enabled=rule.enabled) != rule:
            await check(connection, rule)
        await connection.execute(_SQL["change"], rule_id, msgspec.to_builtins(rule))
        await _note(connection, actor, "rule.change", rule_id, rule)
        return await find(connection, rule_id, None)


async def delete(connection: Connection, stored: StoredRule, actor: Actor) -> None:
    """End a rule; its alerts stay."""
    async with connection.transaction():
        await connection.execute(_SQL["bump"])
        await connection.execute(_SQL["delete"], stored.id)
        await _note(connection, actor, "rule.delete", stored.id, stored.rule)


async def fail(connection: Connection, rule_id: UUID, reason: str | None) -> None:
    """Say why a rule cannot be applied; None: it can."""
    await connection.execute(_SQL["fail"], rule_id, reason)


async def check(connection: Connection, rule: Rule) -> None:
    """Raise BadRequest, naming the field, for what no rule can have."""
    readable(rule)
    if isinstance(rule.trigger, Silent) and (rule.filter or rule.environments):
        field = "filter" if rule.filter else "environments"
        raise BadRequest(f"{field}: silence is of an app as a whole")
    if rule.apps is not None:
        known = {app.id for app in await apps.listed(connection, frozenset(rule.apps))}
        for app_id in rule.apps:
            if app_id not in known:
                raise BadRequest(f"apps: there is no app {app_id!r}")
    for row in await connection.fetch(_SQL["missing_channels"], list(rule.channels)):
        raise BadRequest(f"channels: there is no channel {row['id']}")


def readable(rule: Rule) -> Search:
    """A rule's filter as a tree. Raises BadRequest, naming the field, for a filter that cannot be
    read and for quiet hours that there are not."""
    if rule.quiet is not None:
        _check_quiet(rule.quiet)
    try:
        return parse_search(rule.filter, Subject.ISSUES)
    except SearchSyntax as error:
        reason = f"filter, character {error.position + 1}: {error.reason}"
        raise BadRequest(reason) from error


def _check_quiet(quiet: QuietHours) -> None:
    try:
        ZoneInfo(quiet.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRequest(f"quiet.zone: there is no time zone {quiet.zone!r}") from error
    if quiet.start == quiet.end:
        raise BadRequest("quiet.end: the same as quiet.start; to be told nothing, disable the rule")


def _stored(row: JsonObject) -> StoredRule:
    return msgspec.convert(row, StoredRule)


def _shown(stored: StoredRule, seen: Apps) -> StoredRule | None:
    if seen is None or stored.rule.apps is None:
        return stored
    own = tuple(app for app in stored.rule.apps if app in seen)
    rule = msgspec.structs.replace(stored.rule, apps=own)
    return msgspec.structs.replace(stored, rule=rule) if own else None


async def _note(
    connection: Connection, actor: Actor, action: str, rule_id: UUID, rule: Rule
) -> None:
    app = rule.apps[0] if rule.apps is not None and len(rule.apps) == 1 else None
    details: JsonObject = msgspec.to_builtins(rule)
    await audit.note(connection, actor, action, str(rule_id), details, app=app)
