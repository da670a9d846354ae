"""Members, for owners and admins: list, invite, change, disable."""

from typing import Any

import msgspec
from starlette.responses import Response

from mana_errors.access import people
from mana_errors.access.people import Invitation, MemberChange, link_path
from mana_errors.errors import BadRequest, Conflict
from mana_errors.model.member import BoundApps, Member, Purpose, normal_email
from mana_errors.model.principal import Role
from mana_errors.store import apps, members
from mana_errors.web.fields import MAX_BOXES, Trouble
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit


async def show_list(visit: Visit) -> Response:
    """All members, and the form that invites one more."""
    return await _list(visit, {})


async def invite(visit: Visit) -> Response:
    """Make a link for somebody new, and show it: once."""
    try:
        email = normal_email(visit.form.text("email"))
    except BadRequest:
        return await _list(visit, {"email": visit.words["wrong_email"]})
    role = _role(visit)
    new = Invitation(email, role, _chosen_apps(visit, role))
    try:
        async with visit.reader.connection() as connection:
            secret = await people.invite(connection, visit.principal, new)
    except Conflict:
        return await _list(visit, {"email": visit.words["taken"]})
    return _secret_link(visit, "invited", email, link_path(Purpose.INVITATION, secret))


async def show_one(visit: Visit) -> Response:
    """What may be changed about a member."""
    async with visit.reader.connection() as connection:
        member = await members.find(connection, id_of(visit))
    return await _one(visit, member, {})


async def change(visit: Visit) -> Response:
    """Role and apps."""
    role = _role(visit)
    wanted = MemberChange(role=role, apps=_chosen_apps(visit, role))
    return await _changed(visit, wanted)


async def disable(visit: Visit) -> Response:
    """They are signed out and cannot sign in."""
    return await _changed(visit, MemberChange(disabled=True))


async def enable(visit: Visit) -> Response:
    """They may sign in again."""
    return await _changed(visit, MemberChange(disabled=False))


async def make_password_link(visit: Visit) -> Response:
    """Make a link for a new password, and show it: once."""
    async with visit.reader.connection() as connection:
        member = await members.find(connection, id_of(visit))
        secret = await people.password_link(connection, visit.principal, member.id)
    return _secret_link(visit, "reset_done", member.email, link_path(Purpose.PASSWORD, secret))


async def _changed(visit: Visit, wanted: MemberChange) -> Response:
    async with visit.reader.connection() as connection:
        member = await members.find(connection, id_of(visit))
        try:
            await people.change(connection, visit.principal, member.id, wanted)
        except Conflict:
            trouble = {"": visit.words["last_owner"]}
        else:
            return visit.go(f"/members/{member.id}?done=saved")
    return await _one(visit, member, trouble)


async def _list(visit: Visit, trouble: Trouble) -> Response:
    async with visit.reader.connection() as connection:
        everybody = await members.listed(connection)
    form = visit.form
    values = {
        "members": everybody,
        "me": visit.member.id,
        "changeable": {role.value for role in _roles(visit)},
        "email": form.text("email"),
        "role": form.text("role") or Role.MEMBER.value,
        "chosen": form.all("app"),
    }
    return await _page(visit, "members.html", values, trouble)


async def _one(visit: Visit, member: Member, trouble: Trouble) -> Response:
    people.must_manage(visit.principal, member.role)
    return await _page(visit, "member.html", {"member": member}, trouble)


async def _page(visit: Visit, template: str, values: dict[str, Any], trouble: Trouble) -> Response:
    async with visit.reader.connection() as connection:
        known = await apps.listed(connection, None)
    common = {
        "apps": [app.id for app in known][:MAX_BOXES],
        "roles": [(role.value, visit.words[f"role_{role}"]) for role in _roles(visit)],
        "trouble": trouble,
    }
    return visit.page(template, {**values, **common}, 400 if trouble else 200)


def _secret_link(visit: Visit, name: str, email: str, path: str) -> Response:
    link = visit.site.address(visit.request) + path
    return visit.secret(name, email, link, "/members")


def _roles(visit: Visit) -> list[Role]:
    """Those that the visitor may give."""
    return [role for role in Role if role is not Role.OWNER or visit.member.role is Role.OWNER]


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.form.text("role"))
    except ValueError as error:
        raise BadRequest("role: unknown") from error


def _chosen_apps(visit: Visit, role: Role) -> BoundApps:
    """The ticked apps; none ticked, or an owner: all. Raises BadRequest."""
    chosen = visit.form.all("app")
    if not chosen or role is Role.OWNER:
        return None
    try:
        return msgspec.convert(chosen, BoundApps)
    except msgspec.ValidationError as error:
        raise BadRequest(f"app: {error}") from error
