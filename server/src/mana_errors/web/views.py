"""Saved views: searches that a member keeps, for themselves or for everybody."""

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest
from mana_errors.model.search import Subject, parse_search
from mana_errors.model.view import NewView
from mana_errors.store import views
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit


async def save(visit: Visit) -> Response:
    """Keep a search."""
    form = visit.form
    given = {"name": form.text("name"), "q": form.text("q"), "sort": form.text("sort")}
    try:
        new = msgspec.convert({**given, "shared": form.ticked("shared")}, NewView)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error
    parse_search(new.q, Subject.ISSUES)
    if new.shared:
        visit.principal.must("triage")
    async with visit.reader.connection() as connection:
        await views.create(connection, new, visit.principal.member_id, visit.actor)
    return visit.go(f"/?{urlencode({'q': new.q, 'sort': new.sort, 'done': 'saved'})}")


async def delete(visit: Visit) -> Response:
    """Forget one: one's own, or everybody's. Raises NotFound for another member's."""
    async with visit.reader.connection() as connection:
        view = await views.find(connection, id_of(visit), visit.principal.member_id)
        if view.shared:
            visit.principal.must("triage")
        await views.delete(connection, view, visit.actor)
    return visit.go("/?done=ended")
