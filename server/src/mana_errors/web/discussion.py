"""Comments on an issue, and links to where else it is worked on."""

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest
from mana_errors.model.activity import Comment, Link
from mana_errors.store import activity
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit


async def comment(visit: Visit) -> Response:
    """Say something."""
    return await _write(visit, {"text": visit.form.text("text")}, Comment)


async def link(visit: Visit) -> Response:
    """Name a place elsewhere."""
    given = {"url": visit.form.text("url"), "title": visit.form.text("title")}
    return await _write(visit, given, Link)


async def _write(visit: Visit, given: dict[str, str], kind: type[Comment | Link]) -> Response:
    issue_id = id_of(visit)
    try:
        new = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error
    async with visit.reader.connection() as connection:
        await activity.write(connection, issue_id, new, visit.principal.apps, visit.actor)
    return visit.go(f"/issues/{issue_id}#activity")


async def edit(visit: Visit) -> Response:
    """Change one's own comment."""
    issue_id, entry_id = id_of(visit), id_of(visit, "entry")
    try:
        new = msgspec.convert({"text": visit.form.text("text")}, Comment)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error
    apps, actor = visit.principal.apps, visit.actor
    async with visit.reader.connection() as connection:
        await activity.edit(connection, issue_id, entry_id, new.text, apps=apps, actor=actor)
    return visit.go(f"/issues/{issue_id}#activity")


async def remove(visit: Visit) -> Response:
    """Delete a comment or link."""
    issue_id, entry_id = id_of(visit), id_of(visit, "entry")
    async with visit.reader.connection() as connection:
        await activity.remove(
            connection,
            issue_id,
            entry_id,
            apps=visit.principal.apps,
            actor=visit.actor,
            any_author=visit.principal.may("admin"),
        )
    return visit.go(f"/issues/{issue_id}#activity")
