"""What members may do to members, and how one becomes a member. API and pages both come here.

People and tokens are the server's: who is bound to some apps may not touch them. Only owners make,
change and remove owners.
"""

from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from mana_errors.errors import Conflict, Forbidden, NotFound
from mana_errors.model.member import (
    MAX_EMAIL,
    BoundApps,
    Link,
    Member,
    Purpose,
    normal_email,
)
from mana_errors.model.principal import Principal, Role
from mana_errors.store import audit, links, members
from mana_errors.store.audit import Actor
from mana_errors.store.db import Connection
from mana_errors.store.links import NewLink
from mana_errors.store.members import NewMember

_UNUSABLE = "the link was used, is too old, or never was one"


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shall become a member, and as what."""

    email: Annotated[str, Meta(min_length=3, max_length=MAX_EMAIL)]
    role: Role = Role.MEMBER
    apps: BoundApps = None


class MemberChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed about a member; what is left out stays."""

    role: Role | UnsetType = UNSET
    apps: BoundApps | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class Newcomer(NamedTuple):
    """What somebody says who follows a link to become a member."""

    # the first owner's own; others have the one that was invited
    email: str
    name: str
    # argon2id, in PHC form
    password_hash: str
    # of the client
    address: str


def link_path(purpose: Purpose, secret: str) -> str:
    """Path of the page that a one-time link leads to."""
    return f"/{purpose}/{secret}"


def must_manage(principal: Principal, *roles: Role) -> None:
    """Raise Forbidden unless they may make and change members of these roles."""
    principal.must("admin")
    principal.must_see_all()
    if Role.OWNER in roles and principal.role is not Role.OWNER:
        raise Forbidden("only an owner may make, change or remove owners")


async def invite(connection: Connection, principal: Principal, new: Invitation) -> str:
    """The secret of a link. Raises Forbidden, BadRequest, Conflict for who is a member."""
    must_manage(principal, new.role)
    return await make_invitation(connection, _actor(principal), new)


async def make_invitation(connection: Connection, actor: Actor, new: Invitation) -> str:
    """The same by whoever may do all."""
    email = normal_email(new.email)
    if new.role is Role.OWNER and new.apps is not None:
        raise Conflict("an owner sees all apps")
    async with connection.transaction():
        if await members.find_by_email(connection, email) is not None:
            raise Conflict(f"{email} is a member already")
        link = NewLink(Purpose.INVITATION, email, new.role, new.apps)
        secret = await links.make(connection, link, links.INVITATION_TTL)
        details = {"role": new.role, "apps": new.apps}
        await audit.note(connection, actor, "member.invite", email, details)
    return secret


async def change(
    connection: Connection, principal: Principal, member_id: UUID, wanted: MemberChange
) -> Member:
    """All of it or nothing. Raises Forbidden, NotFound; Conflict for the last owner."""
    actor = _actor(principal)
    async with connection.transaction():
        # first of all, as members.py locks: two changes must not wait for each other
        await members.count_owners(connection)
        member = await members.find(connection, member_id)
        roles = (member.role,) if wanted.role is UNSET else (member.role, wanted.role)
        must_manage(principal, *roles)
        if wanted.role is not UNSET:
            await members.change_role(connection, actor, member_id, wanted.role)
        if wanted.apps is not UNSET:
            await members.set_apps(connection, actor, member_id, wanted.apps)
        if wanted.disabled is not UNSET:
            switch = members.disable if wanted.disabled else members.enable
            await switch(connection, actor, member_id)
        return await members.find(connection, member_id)


async def password_link(connection: Connection, principal: Principal, member_id: UUID) -> str:
    """The secret of a link by which a member sets a new password. Raises Forbidden, NotFound."""
    member = await members.find(connection, member_id)
    must_manage(principal, member.role)
    return await make_password_link(connection, _actor(principal), member)


async def make_password_link(connection: Connection, actor: Actor, member: Member) -> str:
    """The same by whoever may do all. Raises Conflict for a disabled member."""
    if member.disabled_at is not None:
        raise Conflict(f"{member.email} is disabled")
    async with connection.transaction():
        link = NewLink(Purpose.PASSWORD, member.email, member.role, member.apps, member.id)
        secret = await links.make(connection, link, links.PASSWORD_TTL)
        await audit.note(connection, actor, "member.password_link", member.email)
    return secret


async def welcome(connection: Connection) -> str | None:
    """The secret of the first owner's link; None once there is a member. Earlier ones stop."""
    if await members.count(connection):
        return None
    return await links.make(connection, NewLink(Purpose.WELCOME, "", Role.OWNER), links.WELCOME_TTL)


async def join(connection: Connection, secret: str, new: Newcomer) -> Member:
    """Use a welcome or an invitation up. Raises NotFound, BadRequest, Conflict."""
    async with connection.transaction():
        link = await links.use(connection, secret)
        email = await _email_of(connection, link, new)
        actor = Actor(f"member:{email}", new.address)
        member = NewMember(email, link.role, link.apps, new.password_hash, new.name)
        return await members.create(connection, actor, member)


async def _email_of(connection: Connection, link: Link, new: Newcomer) -> str:
    if link.purpose is Purpose.PASSWORD:
        raise NotFound(_UNUSABLE)
    if link.purpose is Purpose.INVITATION:
        return link.email
    await members.lock_all(connection)
    if await members.count(connection):
        raise NotFound(_UNUSABLE)
    return normal_email(new.email)


async def set_new_password(
    connection: Connection, secret: str, password_hash: str, address: str
) -> Member:
    """Use a password link up; ends the member's sessions, and switches the second factor off:
    its device may be what got lost. Raises NotFound."""
    async with connection.transaction():
        link = await links.use(connection, secret)
        if link.purpose is not Purpose.PASSWORD or link.member_id is None:
            raise NotFound(_UNUSABLE)
        actor = Actor(f"member:{link.email}", address)
        await members.set_password(connection, actor, link.member_id, password_hash)
        await members.set_totp(connection, actor, link.member_id, None)
        return await members.find(connection, link.member_id)


def _actor(principal: Principal) -> Actor:
    return Actor(principal.name, principal.address)
