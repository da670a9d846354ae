"""Links in messages: what they would do, and doing it. Looking does nothing: mail programs look.

Whoever has a link may use it, without signing in: it is signed, and does one small thing.
"""

from datetime import UTC, datetime

from starlette.responses import Response

from mana_errors.alerts.links import IGNORES_FOR, WORKS_FOR, Act, Deed
from mana_errors.errors import NotFound
from mana_errors.model.action import Change, Ignore, Resolve
from mana_errors.store import answers
from mana_errors.store.answers import Question
from mana_errors.store.db import Connection
from mana_errors.web.visit import Visit

_NAMES = {Deed.RESOLVE: "resolve", Deed.IGNORE: "ignore"}


async def ask(visit: Visit) -> Response:
    """What an action link would do, and a button that does it."""
    try:
        act = visit.services.links.read_act(_token(visit))
        async with visit.reader.connection() as connection:
            question = await _look(connection, act)
    except NotFound:
        return visit.message("link_over", 404)
    name = f"answer_{_NAMES[act.deed]}"
    hint = visit.words[f"{name}_hint"].format(question.title, question.app_id)
    return visit.page("answer.html", {"name": name, "hint": hint})


async def do(visit: Visit) -> Response:
    """Do it, once."""
    try:
        act = visit.services.links.read_act(_token(visit))
        async with visit.reader.connection() as connection:
            question = await _look(connection, act)
            await answers.answer(connection, question, _change(act.deed), visit.address)
    except NotFound:
        return visit.message("link_over", 404)
    return visit.message(f"answered_{_NAMES[act.deed]}", 200)


async def ask_mute(visit: Visit) -> Response:
    """Whether an address gets e-mail, and a button that changes it."""
    try:
        email = visit.services.links.read_mute(_token(visit))
    except NotFound:
        return visit.message("link_over", 404)
    async with visit.reader.connection() as connection:
        muted = await answers.is_muted(connection, email)
    name = "unmute" if muted else "mute"
    values = {
        "name": name,
        "hint": visit.words[f"{name}_hint"].format(email),
        "action": f"{visit.request.url.path}/undo" if muted else "",
    }
    return visit.page("answer.html", values)


async def mute(visit: Visit) -> Response:
    """No more e-mail to an address. Mail programs send this by themselves (RFC 8058)."""
    return await _mute(visit, on=True)


async def unmute(visit: Visit) -> Response:
    """E-mail again."""
    return await _mute(visit, on=False)


async def _mute(visit: Visit, *, on: bool) -> Response:
    try:
        email = visit.services.links.read_mute(_token(visit))
    except NotFound:
        return visit.message("link_over", 404)
    async with visit.reader.connection() as connection:
        await answers.mute(connection, email, visit.address, on=on)
    return visit.message("muted" if on else "unmuted", 200)


def _token(visit: Visit) -> str:
    return visit.request.path_params["token"]


async def _look(connection: Connection, act: Act) -> Question:
    name = _NAMES[act.deed]
    return await answers.look(connection, act.alert_id, name, act.channel_id, WORKS_FOR)


def _change(deed: Deed) -> Change:
    if deed is Deed.RESOLVE:
        return Resolve()
    return Ignore(until=datetime.now(UTC) + IGNORES_FOR)
