"""Apps: the list for everybody; keys, settings and the ledger for admins."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest, Conflict
from mana_errors.model.app_change import AppChange, NewApp, NewKey
from mana_errors.model.query import OutcomeQuery
from mana_errors.store import apps, outcomes
from mana_errors.web import settings_form
from mana_errors.web.fields import Trouble
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit


async def show_list(visit: Visit) -> Response:
    """The visitor's apps."""
    return await _list(visit, {})


async def create(visit: Visit) -> Response:
    """Register an app before its first report."""
    given = {"id": visit.form.text("id"), "platform": visit.form.text("platform")}
    try:
        new = msgspec.convert(given, NewApp)
    except msgspec.ValidationError:
        return await _list(visit, {"id": visit.words["wrong_app"]})
    try:
        async with visit.reader.connection() as connection:
            await apps.create(connection, new, visit.actor)
    except Conflict:
        return await _list(visit, {"id": visit.words["app_taken"]})
    return visit.go(f"/setup?{urlencode({'app': new.id, 'done': 'created'})}")


async def show_one(visit: Visit) -> Response:
    """Keys, settings, and what became of the last day's events."""
    app_id: str = visit.request.path_params["id"]
    return await _one(visit, app_id, {})


async def change(visit: Visit) -> Response:
    """Name, platform and settings."""
    app_id: str = visit.request.path_params["id"]
    visit.principal.must_see(app_id)
    try:
        wanted = msgspec.convert(settings_form.change_of(visit.form), AppChange)
        async with visit.reader.connection() as connection:
            await apps.change(connection, app_id, wanted, visit.actor)
    except (msgspec.ValidationError, BadRequest) as error:
        field = settings_form.wrong_field(str(error))
        sent = settings_form.sent(visit.form)
        return await _one(visit, app_id, {field: visit.words["wrong_value"]}, sent)
    return visit.go(f"{_path(app_id)}?done=saved")


async def add_key(visit: Visit) -> Response:
    """One more key."""
    app_id = visit.form.exact("app")
    visit.principal.must_see(app_id)
    try:
        new = msgspec.convert({"name": visit.form.text("key_name")}, NewKey)
    except msgspec.ValidationError:
        return await _one(visit, app_id, {"key_name": visit.words["wrong_name"]})
    async with visit.reader.connection() as connection:
        await apps.add_key(connection, app_id, new, visit.actor)
    return visit.go(f"{_path(app_id)}?done=created")


async def revoke_key(visit: Visit) -> Response:
    """Reports with the key are refused from now on."""
    app_id, key_id = visit.form.exact("app"), id_of(visit)
    visit.principal.must_see(app_id)
    async with visit.reader.connection() as connection:
        await apps.revoke_key(connection, app_id, key_id, visit.actor)
    return visit.go(f"{_path(app_id)}?done=key_revoked")


async def _list(visit: Visit, trouble: Trouble) -> Response:
    async with visit.reader.connection() as connection:
        seen = await apps.listed(connection, visit.principal.apps)
    form = visit.form
    values = {
        "apps": seen,
        "id": form.text("id"),
        "platform": form.text("platform"),
        "trouble": trouble,
    }
    return visit.page("apps.html", values, 400 if trouble else 200)


async def _one(
    visit: Visit, app_id: str, trouble: Trouble, sent: dict[str, Any] | None = None
) -> Response:
    visit.principal.must_see(app_id)
    async with visit.reader.connection() as connection:
        app = await apps.find(connection, app_id)
        keys = await apps.keys_of(connection, app_id)
        ledger = await outcomes.of_app(connection, app_id, OutcomeQuery(), datetime.now(UTC))
    values = {
        "app": app,
        "ledger": ledger,
        "keys": keys,
        "form": sent or settings_form.stored(app, msgspec.to_builtins(app.settings)),
        "numbers": settings_form.NUMBERS.items(),
        "patterns": settings_form.PATTERNS.items(),
        "scrubbed": settings_form.SCRUBBED.items(),
        "trouble": trouble,
        "has_key": any(key.revoked_at is None for key in keys),
    }
    return visit.page("app.html", values, 400 if trouble else 200)


def _path(app_id: str) -> str:
    return f"/apps/{quote(app_id, safe='')}"
