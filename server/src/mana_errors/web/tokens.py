"""API tokens, for owners and admins: list, make, revoke."""

from typing import Final

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest, Conflict
from mana_errors.model.principal import SCOPES
from mana_errors.model.token import NewToken
from mana_errors.store import apps, tokens
from mana_errors.web.fields import MAX_BOXES, Trouble
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit

# Days until a token expires, to choose from; empty: never.
_LIFETIMES: Final = ("30", "90", "365", "")


async def show_list(visit: Visit) -> Response:
    """All tokens without their secrets, and the form that makes one more."""
    return await _list(visit, {})


async def create(visit: Visit) -> Response:
    """Make a token, and show its secret: once."""
    form = visit.form
    days = form.text("days")
    if not form.ticked("days") or days not in _LIFETIMES:
        raise BadRequest("days: unknown")
    given = {
        "name": form.text("name"),
        "scopes": form.all("scope"),
        "apps": form.all("app") or None,
        "expiresDays": int(days) if days else None,
    }
    if not given["scopes"]:
        return await _list(visit, {"scope": visit.words["wrong_scopes"]})
    try:
        new = msgspec.convert(given, NewToken)
    except msgspec.ValidationError:
        return await _list(visit, {"name": visit.words["wrong_name"].format(100)})
    try:
        async with visit.reader.connection() as connection:
            secret = await tokens.create(
                connection, new.name, new.scopes, new.ttl, apps=new.apps, actor=visit.actor
            )
    except Conflict:
        return await _list(visit, {"name": visit.words["token_taken"]})
    return visit.secret("token_made", new.name, secret, "/tokens")


async def revoke(visit: Visit) -> Response:
    """It is useless from now on."""
    async with visit.reader.connection() as connection:
        await tokens.revoke(connection, id_of(visit), visit.actor)
    return visit.go("/tokens?done=token_revoked")


async def _list(visit: Visit, trouble: Trouble) -> Response:
    async with visit.reader.connection() as connection:
        made = await tokens.listed(connection)
        known = await apps.listed(connection, None)
    form = visit.form
    values = {
        "tokens": made,
        "apps": [app.id for app in known][:MAX_BOXES],
        "scopes": SCOPES,
        "lifetimes": [(days, _lifetime(visit, days)) for days in _LIFETIMES],
        "name": form.text("name"),
        "days": form.text("days") or ("" if trouble else _LIFETIMES[1]),
        "chosen_scopes": form.all("scope") if trouble else ("read",),
        "chosen": form.all("app"),
        "trouble": trouble,
    }
    return visit.page("tokens.html", values, 400 if trouble else 200)


def _lifetime(visit: Visit, days: str) -> str:
    return visit.words["for_days"].format(days) if days else visit.words["until_revoked"]
