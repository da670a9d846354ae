"""Signing in and out."""

from contextlib import suppress

from starlette.responses import Response

from mana_errors.access.sign_in import Claim
from mana_errors.errors import NotFound, TooManyRequests, Unauthorized
from mana_errors.model.member import Member
from mana_errors.store import sessions
from mana_errors.store.db import Connection
from mana_errors.web.visit import Visit, own_path


async def show(visit: Visit) -> Response:
    """The form; who is signed in already goes on."""
    wanted = own_path(visit.request.query_params.get("next", "/"))
    return visit.go(wanted) if visit.found else _form(visit, wanted)


async def enter(visit: Visit) -> Response:
    """Sign in."""
    form = visit.form
    wanted = own_path(form.exact("next"))
    claim = Claim(form.text("email"), form.exact("password"), form.text("code"), visit.address)
    try:
        member = await visit.services.sign_in(claim)
    except Unauthorized:
        return _form(visit, wanted, visit.words["wrong_sign_in"], 403)
    except TooManyRequests as error:
        wait_s = error.retry_after_s
        response = _form(visit, wanted, visit.words["throttled"].format(wait_s), error.status)
        response.headers["Retry-After"] = str(wait_s)
        return response
    return await open_session(visit, member, wanted)


async def leave(visit: Visit) -> Response:
    """Sign out: the session ends on the server, whatever the browser keeps."""
    if visit.found is not None:
        async with visit.reader.connection() as connection:
            await _end(connection, visit)
    response = visit.go("/sign-in")
    visit.drop_session(response)
    return response


async def open_session(visit: Visit, member: Member, wanted: str) -> Response:
    """A new session, whatever secret the browser came with: nobody can have planted it. The
    session that it had ends."""
    async with visit.reader.connection() as connection:
        if visit.found is not None:
            await _end(connection, visit)
        secret = await sessions.start(connection, member.id, visit.address, visit.user_agent)
    response = visit.go(wanted)
    visit.keep_session(response, secret)
    return response


async def _end(connection: Connection, visit: Visit) -> None:
    # another tab may have been faster
    with suppress(NotFound):
        await sessions.revoke(connection, visit.member.id, visit.session.id)


def _form(visit: Visit, wanted: str, trouble: str = "", status: int = 200) -> Response:
    values = {
        "next": wanted,
        "email": visit.form.text("email"),
        "trouble": {"": trouble} if trouble else {},
    }
    return visit.page("sign_in.html", values, status)
