"""One-time links: the first owner's welcome, invitations, new passwords."""

from starlette.responses import Response

from mana_errors.access import people
from mana_errors.access.people import Newcomer
from mana_errors.errors import BadRequest, Conflict, NotFound
from mana_errors.model.member import Link, Purpose, normal_email
from mana_errors.store import links
from mana_errors.web.fields import NEW_PASSWORD, Trouble, name_trouble, new_password_trouble
from mana_errors.web.sign_in import open_session
from mana_errors.web.visit import Visit

_NAMES = {
    Purpose.WELCOME: "welcome",
    Purpose.INVITATION: "invitation",
    Purpose.PASSWORD: "new_password",
}


async def show(visit: Visit) -> Response:
    """What the link is for, as a form. Looking does not use it up: mail programs look."""
    link = await _look(visit)
    return _over(visit) if link is None else _form(visit, link, {})


async def join(visit: Visit) -> Response:
    """Become a member."""
    link = await _look(visit)
    if link is None:
        return _over(visit)
    email, trouble = _email_of(visit, link)
    trouble |= name_trouble(visit) | new_password_trouble(visit, email)
    if trouble:
        return _form(visit, link, trouble)
    hashed = await visit.services.passwords.hash(visit.form.exact("password"))
    newcomer = Newcomer(email, visit.form.text("name"), hashed, visit.address)
    try:
        async with visit.reader.connection() as connection:
            member = await people.join(connection, _secret(visit), newcomer)
    except NotFound:
        return _over(visit)
    except Conflict:
        return _form(visit, link, {"email": visit.words["taken"]})
    return await open_session(visit, member, "/")


async def set_password(visit: Visit) -> Response:
    """Set a new password; sessions end, and so does the second factor."""
    link = await _look(visit)
    if link is None:
        return _over(visit)
    if trouble := new_password_trouble(visit, link.email):
        return _form(visit, link, trouble)
    hashed = await visit.services.passwords.hash(visit.form.exact("password"))
    try:
        async with visit.reader.connection() as connection:
            member = await people.set_new_password(
                connection, _secret(visit), hashed, visit.address
            )
    except NotFound:
        return _over(visit)
    return await open_session(visit, member, "/")


async def _look(visit: Visit) -> Link | None:
    try:
        async with visit.reader.connection() as connection:
            link = await links.look(connection, _secret(visit))
    except NotFound:
        return None
    return link if visit.request.url.path.startswith(f"/{link.purpose}/") else None


def _secret(visit: Visit) -> str:
    return visit.request.path_params["secret"]


def _email_of(visit: Visit, link: Link) -> tuple[str, Trouble]:
    """The new member's address: the invited one, or the first owner's own."""
    if link.purpose is not Purpose.WELCOME:
        return link.email, {}
    try:
        return normal_email(visit.form.text("email")), {}
    except BadRequest:
        return "", {"email": visit.words["wrong_email"]}


def _form(visit: Visit, link: Link, trouble: Trouble) -> Response:
    values = {
        **NEW_PASSWORD,
        "name": _NAMES[link.purpose],
        "link": link,
        "email": visit.form.text("email"),
        "person": visit.form.text("name"),
        "trouble": trouble,
    }
    return visit.page("link.html", values, 400 if trouble else 200)


def _over(visit: Visit) -> Response:
    return visit.message("link_over", 404)
