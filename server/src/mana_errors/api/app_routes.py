"""Apps and their ingest keys. Paths name an app by its id."""

from typing import Any, Final

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.app import App
from mana_errors.model.app_change import AppChange, NewApp, NewKey
from mana_errors.model.app_reading import KeyDetail, Made, made, with_dsn, with_keys
from mana_errors.model.query import NoQuery
from mana_errors.model.reading import Page
from mana_errors.store import apps


async def _list_apps(call: Call[NoQuery, NoBody]) -> Page[App]:
    async with call.reader.connection() as connection:
        return Page(await apps.listed(connection, call.apps), None)


async def _create_app(call: Call[NoQuery, NewApp]) -> Made:
    async with call.reader.connection() as connection:
        app, key = await apps.create(connection, call.body, call.actor)
    return made(app, key, call.services.address)


async def _get_app(call: Call[NoQuery, NoBody]) -> App:
    async with call.reader.connection() as connection:
        return await apps.find(connection, _app_id(call))


async def _change_app(call: Call[NoQuery, AppChange]) -> App:
    async with call.reader.connection() as connection:
        return await apps.change(connection, _app_id(call), call.body, call.actor)


async def _list_keys(call: Call[NoQuery, NoBody]) -> Page[KeyDetail]:
    async with call.reader.connection() as connection:
        app = await apps.find(connection, _app_id(call))
        keys = await apps.keys_of(connection, app.id)
    return Page(with_keys(app, keys, call.services.address).keys, None)


async def _create_key(call: Call[NoQuery, NewKey]) -> KeyDetail:
    async with call.reader.connection() as connection:
        app = await apps.find(connection, _app_id(call))
        key = await apps.add_key(connection, app.id, call.body, call.actor)
    return with_dsn(app, key, call.services.address)


async def _revoke_key(call: Call[NoQuery, NoBody]) -> KeyDetail:
    async with call.reader.connection() as connection:
        app = await apps.find(connection, _app_id(call))
        key = await apps.revoke_key(connection, app.id, call.id, call.actor)
    return with_dsn(app, key, call.services.address)


def _app_id(call: Call[Any, Any]) -> str:
    """The path's {app}. Raises NotFound for a foreign one."""
    app_id = call.path["app"]
    call.principal.must_see(app_id)
    return app_id


APP_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/apps",
        operation="listApps",
        summary="List apps by id",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[App],
        errors=(400,),
        handler=_list_apps,
    ),
    Route(
        method="POST",
        path="/api/v1/apps",
        operation="createApp",
        summary="Make an app with a key; number and key may be those of another tracker's DSN",
        scope="admin",
        all_apps=True,
        query=NoQuery,
        body=NewApp,
        answer=Made,
        errors=(400, 409, 413, 415),
        handler=_create_app,
        status=201,
    ),
    Route(
        method="GET",
        path="/api/v1/apps/{app}",
        operation="getApp",
        summary="An app and its settings",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=App,
        errors=(400, 404),
        handler=_get_app,
    ),
    Route(
        method="PATCH",
        path="/api/v1/apps/{app}",
        operation="changeApp",
        summary="Change an app's name, platform and settings, each field by itself",
        scope="admin",
        query=NoQuery,
        body=AppChange,
        answer=App,
        errors=(400, 404, 413, 415),
        handler=_change_app,
    ),
    Route(
        method="GET",
        path="/api/v1/apps/{app}/keys",
        operation="listKeys",
        summary="List an app's ingest keys, oldest first, the revoked ones too",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[KeyDetail],
        errors=(400, 404),
        handler=_list_keys,
    ),
    Route(
        method="POST",
        path="/api/v1/apps/{app}/keys",
        operation="createKey",
        summary="Make another ingest key for an app",
        scope="admin",
        query=NoQuery,
        body=NewKey,
        answer=KeyDetail,
        errors=(400, 404, 409, 413, 415),
        handler=_create_key,
        status=201,
    ),
    Route(
        method="DELETE",
        path="/api/v1/apps/{app}/keys/{id}",
        operation="revokeKey",
        summary="Make an ingest key useless, for good",
        scope="admin",
        query=NoQuery,
        body=NoBody,
        answer=KeyDetail,
        errors=(400, 404),
        handler=_revoke_key,
    ),
)
