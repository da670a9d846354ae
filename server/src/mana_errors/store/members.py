"""Members: who may sign in. Every change is written to the audit log in its transaction."""

from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from mana_errors.errors import Conflict, NotFound
from mana_errors.model.ids import uuid7
from mana_errors.model.member import BoundApps, Member
from mana_errors.model.principal import Role
from mana_errors.store import audit, links, sessions
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("members")
_COLUMNS: Final = _SQL["columns"]
# More than that are no list to read; a page shows fewer.
MAX_LISTED: Final = 1000


class NewMember(NamedTuple):
    """What a member begins with."""

    # as normal_email makes it
    email: str
    role: Role
    apps: BoundApps
    # argon2id, in PHC form
    password_hash: str
    name: str = ""


class Credentials(NamedTuple):
    """What a sign-in is checked against."""

    member_id: UUID
    password_hash: str
    # sealed; None: no second factor
    totp: bytes | None


async def create(connection: Connection, actor: Actor, new: NewMember) -> Member:
    """Raises Conflict when the address has a member. An owner is bound to no apps."""
    member_id = uuid7()
    apps = None if new.role is Role.OWNER else new.apps
    values = (member_id, new.email, new.name, new.role, _stored(apps), new.password_hash)
    async with connection.transaction():
        try:
            await connection.execute(_SQL["create"], *values)
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"{new.email} is a member already") from error
        details = {"role": new.role, "apps": apps}
        await audit.note(connection, actor, "member.create", new.email, details)
    return await find(connection, member_id)


async def find(connection: Connection, member_id: UUID) -> Member:
    """Raises NotFound."""
    return await _one(connection, "find", member_id)


async def find_by_email(connection: Connection, email: str) -> Member | None:
    """`email` as normal_email makes it."""
    row = await connection.fetchrow(_SQL["find_by_email"].format(columns=_COLUMNS), email)
    return None if row is None else msgspec.convert(dict(row), Member)


async def listed(
    connection: Connection, after: UUID | None = None, limit: int = MAX_LISTED
) -> list[Member]:
    """Members, the oldest first, from behind one of them."""
    rows = await connection.fetch(_SQL["list"].format(columns=_COLUMNS), after, limit)
    return [msgspec.convert(dict(row), Member) for row in rows]


async def count(connection: Connection) -> int:
    """Of all, the disabled ones too."""
    return int(await connection.fetchval(_SQL["count"]))


async def count_owners(connection: Connection) -> int:
    """Of those who may sign in. Locks them for the rest of the transaction."""
    return len(await connection.fetch(_SQL["owners"]))


async def lock_all(connection: Connection) -> None:
    """Nobody else makes a member until the transaction ends."""
    await connection.execute(_SQL["lock_all"])


async def credentials(connection: Connection, email: str) -> Credentials | None:
    """Of a member who may sign in."""
    row = await connection.fetchrow(_SQL["credentials"], email)
    return None if row is None else Credentials(row["id"], row["password_hash"], row["totp"])


async def change_role(connection: Connection, actor: Actor, member_id: UUID, role: Role) -> Member:
    """Acts with the member's next request. Raises NotFound; Conflict for the last owner."""
    async with connection.transaction():
        before = await _locked(connection, member_id, removes=role is not Role.OWNER)
        if before.role is role:
            return before
        await connection.execute(_SQL["set_role"], member_id, role)
        details = {"from": before.role, "to": role}
        await audit.note(connection, actor, "member.role", before.email, details)
        return await find(connection, member_id)


async def set_apps(
    connection: Connection, actor: Actor, member_id: UUID, apps: BoundApps
) -> Member:
    """Acts with the member's next request. Raises NotFound; Conflict for an owner."""
    async with connection.transaction():
        before = await _one(connection, "lock", member_id)
        if before.role is Role.OWNER and apps is not None:
            raise Conflict("an owner sees all apps: change the role first")
        if before.apps == apps:
            return before
        await connection.execute(_SQL["set_apps"], member_id, _stored(apps))
        details = {"from": before.apps, "to": apps}
        await audit.note(connection, actor, "member.apps", before.email, details)
        return await find(connection, member_id)


async def disable(connection: Connection, actor: Actor, member_id: UUID) -> Member:
    """Ends their sessions and links. Raises NotFound; Conflict for the last owner."""
    async with connection.transaction():
        before = await _locked(connection, member_id, removes=True)
        if before.disabled_at is not None:
            return before
        await connection.execute(_SQL["disable"], member_id)
        await sessions.revoke_all(connection, member_id)
        await links.forget_member(connection, member_id, before.email)
        await audit.note(connection, actor, "member.disable", before.email)
        return await find(connection, member_id)


async def enable(connection: Connection, actor: Actor, member_id: UUID) -> Member:
    """Take `disable` back. Raises NotFound."""
    async with connection.transaction():
        before = await _one(connection, "lock", member_id)
        if before.disabled_at is None:
            return before
        await connection.execute(_SQL["enable"], member_id)
        await audit.note(connection, actor, "member.enable", before.email)
        return await find(connection, member_id)


async def set_password(
    connection: Connection,
    actor: Actor,
    member_id: UUID,
    password_hash: str,
    keep: UUID | None = None,
) -> None:
    """Ends all sessions but `keep`. Raises NotFound."""
    async with connection.transaction():
        before = await _one(connection, "lock", member_id)
        await connection.execute(_SQL["set_password"], member_id, password_hash)
        await sessions.revoke_all(connection, member_id, keep)
        await audit.note(connection, actor, "member.password", before.email)


async def rehash(connection: Connection, member_id: UUID, password_hash: str) -> None:
    """The same password, hashed at today's cost: nothing that anybody changed."""
    await connection.execute(_SQL["set_password"], member_id, password_hash)


async def set_totp(  # noqa: PLR0913 - a change has an actor and a session that stays
    connection: Connection,
    actor: Actor,
    member_id: UUID,
    sealed: bytes | None,
    *,
    step: int = 0,
    keep: UUID | None = None,
) -> None:
    """Turn the second factor on or off (None); ends all sessions but `keep`. `step` is the one
    whose code proved the secret. Raises NotFound."""
    async with connection.transaction():
        before = await _one(connection, "lock", member_id)
        if sealed is None and not before.two_factor:
            return
        await connection.execute(_SQL["set_totp"], member_id, sealed, step)
        await sessions.revoke_all(connection, member_id, keep)
        action = "member.totp_on" if sealed is not None else "member.totp_off"
        await audit.note(connection, actor, action, before.email)


async def use_step(connection: Connection, member_id: UUID, step: int) -> bool:
    """Take a time step's code; False when it, or a later one, was taken before."""
    return await connection.fetchval(_SQL["use_step"], member_id, step) is not None


async def set_profile(
    connection: Connection, member_id: UUID, name: str, language: str | None
) -> None:
    """What a member says about themselves."""
    await connection.execute(_SQL["set_profile"], member_id, name, language)


async def _locked(connection: Connection, member_id: UUID, *, removes: bool) -> Member:
    """The member, locked with all owners. Raises Conflict if the change removes the last one."""
    owners = await count_owners(connection)
    member = await _one(connection, "lock", member_id)
    is_last = member.role is Role.OWNER and member.disabled_at is None and owners == 1
    if is_last and removes:
        raise Conflict("the last owner stays: make another one first")
    return member


async def _one(connection: Connection, query: str, member_id: UUID) -> Member:
    row = await connection.fetchrow(_SQL[query].format(columns=_COLUMNS), member_id)
    if row is None:
        raise NotFound(f"there is no member {member_id}")
    return msgspec.convert(dict(row), Member)


def _stored(apps: BoundApps) -> list[str] | None:
    return None if apps is None else sorted(set(apps))
