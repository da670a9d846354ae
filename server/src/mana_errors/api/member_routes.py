"""Operations on members and on one's own sessions."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.access import people
from mana_errors.access.people import Invitation, MemberChange
from mana_errors.api.table import Call, NoBody, Route
from mana_errors.errors import Forbidden
from mana_errors.model.member import BoundApps, Member, Purpose, Session
from mana_errors.model.principal import Role, Scope
from mana_errors.model.query import NoQuery, PageQuery
from mana_errors.model.reading import Page
from mana_errors.store import audit, members, sessions
from mana_errors.store.paging import after, page_of


class Me(msgspec.Struct, frozen=True, rename="camel"):
    """Who asks, and what they may do."""

    name: Annotated[str, Meta(description="`member:<e-mail>` or `token:<name>`.")]
    scopes: list[str]
    apps: Annotated[BoundApps, Meta(description="Apps that they see and change; null: all.")]
    role: Annotated[Role | None, Meta(description="Null for a token.")]
    member_id: UUID | None
    session_id: UUID | None


class Invited(msgspec.Struct, frozen=True):
    """An invitation that was made."""

    email: str
    role: Role
    link: Annotated[str, Meta(description="Give it to them: it works once, for seven days.")]


async def _me(call: Call[NoQuery, NoBody]) -> Me:
    who = call.principal
    return Me(
        name=who.name,
        scopes=sorted(who.scopes),
        apps=None if who.apps is None else tuple(sorted(who.apps)),
        role=who.role,
        member_id=who.member_id,
        session_id=who.session_id,
    )


async def _list_members(call: Call[PageQuery, NoBody]) -> Page[Member]:
    async with call.reader.connection() as connection:
        found = await members.listed(connection, after(call.query), call.query.limit + 1)
    return page_of(found, call.query)


async def _invite(call: Call[NoQuery, Invitation]) -> Invited:
    async with call.reader.connection() as connection:
        secret = await people.invite(connection, call.principal, call.body)
    link = call.services.address + people.link_path(Purpose.INVITATION, secret)
    return Invited(call.body.email, call.body.role, link)


async def _change_member(call: Call[NoQuery, MemberChange]) -> Member:
    async with call.reader.connection() as connection:
        return await people.change(connection, call.principal, call.id, call.body)


async def _list_sessions(call: Call[NoQuery, NoBody]) -> Page[Session]:
    async with call.reader.connection() as connection:
        return Page(await sessions.listed(connection, _member_id(call.principal.member_id)), None)


async def _end_session(call: Call[NoQuery, NoBody]) -> None:
    async with call.reader.connection() as connection, connection.transaction():
        await sessions.revoke(connection, _member_id(call.principal.member_id), call.id)
        await audit.note(connection, call.actor, "session.revoke", call.principal.name)


async def _end_other_sessions(call: Call[NoQuery, NoBody]) -> None:
    who = call.principal
    async with call.reader.connection() as connection, connection.transaction():
        ended = await sessions.revoke_all(connection, _member_id(who.member_id), who.session_id)
        await audit.note(
            connection, call.actor, "session.revoke_others", who.name, {"sessions": ended}
        )


def _member_id(member_id: UUID | None) -> UUID:
    if member_id is None:
        raise Forbidden("a token has no sessions: only a member has")
    return member_id


_ADMIN: Final[Scope] = "admin"

MEMBER_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/me",
        operation="getMe",
        summary="Who I am, and what I may do",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Me,
        errors=(400,),
        handler=_me,
    ),
    Route(
        method="GET",
        path="/api/v1/members",
        operation="listMembers",
        summary="List members, the oldest first",
        scope=_ADMIN,
        all_apps=True,
        query=PageQuery,
        body=NoBody,
        answer=Page[Member],
        errors=(400,),
        handler=_list_members,
    ),
    Route(
        method="POST",
        path="/api/v1/members",
        operation="inviteMember",
        summary="Invite somebody: make a link by which they become a member",
        scope=_ADMIN,
        all_apps=True,
        query=NoQuery,
        body=Invitation,
        answer=Invited,
        errors=(400, 409, 413, 415),
        handler=_invite,
        status=201,
    ),
    Route(
        method="PATCH",
        path="/api/v1/members/{id}",
        operation="changeMember",
        summary="Change a member's role or apps, disable or enable them: acts at once",
        scope=_ADMIN,
        all_apps=True,
        query=NoQuery,
        body=MemberChange,
        answer=Member,
        errors=(400, 404, 409, 413, 415),
        handler=_change_member,
    ),
    Route(
        method="GET",
        path="/api/v1/sessions",
        operation="listSessions",
        summary="List my own sessions, the last used first",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[Session],
        errors=(400,),
        handler=_list_sessions,
    ),
    Route(
        method="DELETE",
        path="/api/v1/sessions",
        operation="endOtherSessions",
        summary="End all my sessions but this one",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400,),
        handler=_end_other_sessions,
        status=204,
    ),
    Route(
        method="DELETE",
        path="/api/v1/sessions/{id}",
        operation="endSession",
        summary="End one of my sessions",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400, 404),
        handler=_end_session,
        status=204,
    ),
)
