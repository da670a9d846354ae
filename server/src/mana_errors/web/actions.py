"""What people do about issues, one or many: the form of the list and those of an issue's page."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest
from mana_errors.model.action import Actions
from mana_errors.store import partitions, workflow
from mana_errors.store.db import Connection
from mana_errors.web.forms import Form
from mana_errors.web.visit import Visit, own_path

# Fields that an action may have, by its name; the button says the action, and what else it fixes,
# as a query string: "do=resolve&inNextRelease=true".
_FIELDS: Final = {
    "resolve": ("inRelease", "inNextRelease"),
    "ignore": ("hours", "events", "perHour", "users"),
    "assign": ("member",),
    "prioritize": ("priority",),
    "merge": ("into",),
}
# Actions whose one field says "nobody" or "as before" by being empty.
_NULLABLE: Final = {"assign": "member", "prioritize": "priority"}
# A year: nobody means more by "for a while".
_MAX_HOURS: Final = 24 * 366


async def act(visit: Visit) -> Response:
    """Do it, and offer to take it back."""
    ids, wanted = list(visit.form.all("id")), _wanted(visit.form)
    if wanted["do"] == "merge" and "into" not in wanted:
        # of a list: into the one that stands highest
        wanted["into"], ids = ids[0] if ids else "", ids[1:]
    async with visit.reader.connection() as connection:
        given = {"ids": ids, "action": await _timed(connection, wanted)}
        try:
            actions = msgspec.convert(given, Actions, strict=False)
        except msgspec.ValidationError as error:
            raise BadRequest(str(error)) from error
        apps, actor = visit.principal.apps, visit.actor
        acted = await workflow.act(connection, actions.ids, actions.action, apps, actor)
    told = {"done": f"done_{wanted['do']}"} if acted.changed else {"done": "done_nothing"}
    if acted.undo is not None:
        told["undo"] = str(acted.undo)
    return visit.go(_back(visit.form, told))


async def undo(visit: Visit) -> Response:
    """Take an action back."""
    try:
        token = UUID(visit.form.text("undo"))
    except ValueError as error:
        raise BadRequest("undo: no UUID") from error
    async with visit.reader.connection() as connection:
        await workflow.undo(connection, token, visit.principal.apps, visit.actor)
    return visit.go(_back(visit.form, {"done": "done_undo"}))


def _wanted(form: Form) -> dict[str, Any]:
    """The action as the API has it, without what its form left empty."""
    fixed = dict(parse_qsl(form.text("deed"), keep_blank_values=True))
    do = fixed.get("do", "")
    given = {name: fixed.get(name, form.text(name)) for name in _FIELDS.get(do, ())}
    wanted: dict[str, Any] = {"do": do, **{name: value for name, value in given.items() if value}}
    if do in _NULLABLE:
        wanted.setdefault(_NULLABLE[do], None)
    return wanted


async def _timed(connection: Connection, wanted: dict[str, Any]) -> dict[str, Any]:
    """Hours from now as a time, by the clock that decides when it is over."""
    hours = wanted.pop("hours", None)
    if hours is None:
        return wanted
    if not (hours.isascii() and hours.isdigit() and 0 < int(hours) <= _MAX_HOURS):
        raise BadRequest("hours: a number")
    now = await partitions.clock(connection)
    return {**wanted, "until": now + timedelta(hours=int(hours))}


def _back(form: Form, told: dict[str, str]) -> str:
    """To the page of the form, with what was done."""
    page = urlsplit(own_path(form.text("back")))
    kept = [(name, value) for name, value in parse_qsl(page.query) if name not in {"done", "undo"}]
    return f"{page.path}?{urlencode([*kept, *told.items()])}"
