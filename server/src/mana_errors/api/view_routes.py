"""Saved views of the list of issues."""

from typing import Any, Final

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.errors import Forbidden
from mana_errors.model.query import NoQuery
from mana_errors.model.reading import Page
from mana_errors.model.search import Subject, parse_search
from mana_errors.model.view import NewView, View
from mana_errors.store import views


async def _list_views(call: Call[NoQuery, NoBody]) -> Page[View]:
    async with call.reader.connection() as connection:
        return Page(await views.listed(connection, call.principal.member_id), None)


async def _create_view(call: Call[NoQuery, NewView]) -> View:
    parse_search(call.body.q, Subject.ISSUES)
    if call.body.shared:
        call.principal.must("triage")
    elif call.principal.member_id is None:
        raise Forbidden("a token has no views of its own: make it a shared one")
    async with call.reader.connection() as connection:
        return await views.create(connection, call.body, call.principal.member_id, call.actor)


async def _delete_view(call: Call[NoQuery, NoBody]) -> None:
    async with call.reader.connection() as connection:
        view = await views.find(connection, call.id, call.principal.member_id)
        if view.shared:
            call.principal.must("triage")
        await views.delete(connection, view, call.actor)


VIEW_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/views",
        operation="listViews",
        summary="List saved views by name: everybody's, and one's own",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[View],
        errors=(400,),
        handler=_list_views,
    ),
    Route(
        method="POST",
        path="/api/v1/views",
        operation="createView",
        summary="Keep a search of issues, for oneself or, with the scope `triage`, for all",
        scope="read",
        query=NoQuery,
        body=NewView,
        answer=View,
        errors=(400, 403, 409, 413, 415),
        handler=_create_view,
        status=201,
    ),
    Route(
        method="DELETE",
        path="/api/v1/views/{id}",
        operation="deleteView",
        summary="Forget a view: one's own, or with the scope `triage` everybody's",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400, 403, 404),
        handler=_delete_view,
        status=204,
    ),
)
