"""The API and the pages as one ASGI app. Whatever is no ingest path comes here."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from mana_errors.api.auth import Authorizer
from mana_errors.api.endpoint import Endpoint
from mana_errors.api.health import Readiness
from mana_errors.api.listing import ALL_ROUTES
from mana_errors.api.openapi import document
from mana_errors.api.problems import problem
from mana_errors.api.table import Route, Services
from mana_errors.config import Settings
from mana_errors.model.health import Check
from mana_errors.store.reader import Reader
from mana_errors.web.guard import site_of
from mana_errors.web.page import Page
from mana_errors.web.pages import page_routes
from mana_errors.web.render import render_message
from mana_errors.web.visit import Services as PageServices
from mana_errors.web.visit import Visit

_PUBLIC: Final = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}


class App:
    """API, pages, health and metrics. Starts without a database and outlives its absences."""

    def __init__(self, settings: Settings, dsn: str, worker: Callable[[], list[Check]]) -> None:
        self._reader = Reader(dsn)
        site = site_of(settings)
        readiness = Readiness(self._reader, worker)
        services = Services(self._reader, readiness, settings)
        pages = PageServices(settings, self._reader, site)
        authorizer = Authorizer(self._reader, site, pages.addresses)
        by_path: defaultdict[str, list[Route[Any, Any]]] = defaultdict(list)
        for route in ALL_ROUTES:
            if route.handler is not None:
                by_path[route.path].append(route)
        self._router = Router(
            [
                *(Path(path, Endpoint(of, services, authorizer)) for path, of in by_path.items()),
                Path("/openapi.json", _openapi),
                *page_routes(pages, [Page("GET", "/docs", _docs, None)]),
            ],
            redirect_slashes=False,
            default=_not_found,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)

    async def close(self) -> None:
        """Give back the connections to the database."""
        await self._reader.close()


def build(settings: Settings, dsn: str, worker: Callable[[], list[Check]]) -> App:
    """The app of one HTTP worker. `worker` says whether it takes reports."""
    return App(settings, dsn, worker)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    wants_page = "text/html" in request.headers.get("accept", "")
    response = (
        render_message(request, "not_found", 404)
        if wants_page
        else problem(404, "Not found", "there is nothing at this path; see /docs")
    )
    await response(scope, receive, send)


@cache
def _document() -> bytes:
    return msgspec.json.encode(document())


def _openapi(_: Request) -> Response:
    return Response(_document(), headers=_PUBLIC, media_type="application/json")


async def _docs(visit: Visit) -> Response:
    return visit.page("docs.html", {"document": document()})
