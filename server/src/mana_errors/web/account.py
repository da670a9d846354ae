"""One's own account: profile, password, sessions."""

from uuid import UUID

from starlette.responses import Response

from mana_errors.access.sign_in import FREE_BY_EMAIL
from mana_errors.errors import Unauthorized
from mana_errors.store import attempts, members, sessions, weekly
from mana_errors.store.attempts import Subject
from mana_errors.web.fields import NEW_PASSWORD, Trouble, name_trouble, new_password_trouble
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit
from mana_errors.web.words import LANGUAGES


async def show(visit: Visit) -> Response:
    """All of it on one page."""
    return await show_with(visit, {})


async def show_with(visit: Visit, trouble: Trouble, status: int = 400) -> Response:
    """The page again, saying what is wrong."""
    async with visit.reader.connection() as connection:
        own = await sessions.listed(connection, visit.member.id)
        weekly_wanted = await weekly.wants(connection, visit.member.id)
    values = {
        **NEW_PASSWORD,
        "member": visit.member,
        "session": visit.session,
        "sessions": own,
        "weekly": weekly_wanted,
        "trouble": trouble,
    }
    return visit.page("account.html", values, status if trouble else 200)


async def save(visit: Visit) -> Response:
    """Name, language, and whether they get the weekly report."""
    if trouble := name_trouble(visit):
        return await show_with(visit, trouble)
    language = visit.form.text("language")
    chosen = language if language in LANGUAGES else None
    async with visit.reader.connection() as connection:
        await members.set_profile(connection, visit.member.id, visit.form.text("name"), chosen)
        await weekly.want(connection, visit.member.id, wanted=visit.form.ticked("weekly"))
    return visit.go("/account?done=saved")


async def change_password(visit: Visit) -> Response:
    """A new password for who knows the old one; other sessions end."""
    trouble = new_password_trouble(visit, visit.member.email)
    trouble = trouble or await password_trouble(visit, "current")
    if trouble:
        return await show_with(visit, trouble)
    hashed = await visit.services.passwords.hash(visit.form.exact("password"))
    member_id, kept = visit.member.id, visit.session.id
    async with visit.reader.connection() as connection:
        await members.set_password(connection, visit.actor, member_id, hashed, kept)
    return visit.go("/account?done=password_changed")


async def end_session(visit: Visit) -> Response:
    """Sign one browser out. Raises NotFound for somebody else's."""
    session_id: UUID = id_of(visit)
    async with visit.reader.connection() as connection:
        await sessions.revoke(connection, visit.member.id, session_id)
    return visit.go("/account?done=ended")


async def end_others(visit: Visit) -> Response:
    """Sign all other browsers out."""
    async with visit.reader.connection() as connection:
        await sessions.revoke_all(connection, visit.member.id, visit.session.id)
    return visit.go("/account?done=ended")


async def password_trouble(visit: Visit, field: str) -> Trouble:
    """Whether a field holds the member's own password. A found browser must not become a place to
    guess it, so failures count as those of signing in do.

    Raises TooManyRequests, Busy, Unauthorized for who was disabled meanwhile.
    """
    email = visit.member.email
    subject = Subject(f"email:{email}", FREE_BY_EMAIL)
    async with visit.reader.connection() as connection:
        wait_s = await attempts.attempt(connection, subject)
        known = await members.credentials(connection, email)
    if wait_s:
        return {field: visit.words["throttled"].format(wait_s)}
    if known is None:
        raise Unauthorized("the account is disabled")
    if not await visit.services.passwords.matches(known.password_hash, visit.form.exact(field)):
        return {field: visit.words["wrong_current"]}
    async with visit.reader.connection() as connection:
        await attempts.forget(connection, subject)
    return {}
