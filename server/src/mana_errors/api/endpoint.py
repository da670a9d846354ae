"""One path of the API as an ASGI app: from request to answer."""

import logging
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mana_errors import meters
from mana_errors.api.auth import LOCAL, NOBODY, Admission, Authorizer
from mana_errors.api.problems import problem, problem_of, unexpected
from mana_errors.api.table import Call, NoBody, Route, Services
from mana_errors.errors import BadRequest, ManaError, Moved, NotFound, TooLarge, UnsupportedMedia
from mana_errors.model.query import parse_query
from mana_errors.web.guard import is_local

# A change of an issue takes 100 bytes.
MAX_BODY_BYTES: Final = 64 * 1024
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_log: Final = logging.getLogger(__name__)


class Endpoint:
    """Answers every method of one path; never raises."""

    def __init__(
        self, routes: Sequence[Route[Any, Any]], services: Services, authorizer: Authorizer
    ) -> None:
        self._routes = {route.method: route for route in routes}
        extra = {"HEAD"} if "GET" in self._routes else set[str]()
        self._allow = ", ".join(sorted({*self._routes, *extra, "OPTIONS"}))
        self._services = services
        self._authorizer = authorizer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Moved as error:
            response = problem_of(error)
            response.headers["Location"] = error.path(request.url.path, request.url.query)
        except ManaError as error:
            response = problem_of(error)
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - strangers get a 500, the log gets the rest
            meters.unexpected.labels("api").inc()
            _log.exception("%s %s failed", request.method, request.url.path)
            response = unexpected()
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """The stages of an API call, in order."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": self._allow})
        route = self._routes.get("GET" if request.method == "HEAD" else request.method)
        if route is None or route.handler is None:
            detail = f"this path takes {self._allow}"
            return problem(405, "Method not allowed", detail, {"Allow": self._allow})
        if any("\0" in value for value in request.path_params.values()):
            raise NotFound("a path with a NUL character names nothing")
        admission = await self._admit(request, route)
        query = parse_query(route.query, request.query_params.multi_items())
        body = NoBody() if route.body is NoBody else await _read_body(request, route.body)
        call = Call(self._services, admission.principal, request.path_params, query, body)
        answer = await route.handler(call)
        response = _encode(answer, route.status)
        if admission.fresh is not None:
            self._authorizer.keep(response, admission.fresh)
        return response

    async def _admit(self, request: Request, route: Route[Any, Any]) -> Admission:
        """Who asks, and that they may. Raises Unauthorized, Forbidden, StoreUnavailable."""
        if route.scope is None:
            return Admission(NOBODY)
        if route.open_here and is_local(request):
            return Admission(LOCAL)
        admission = await self._authorizer.admit(request)
        admission.principal.must(route.scope)
        if route.all_apps:
            admission.principal.must_see_all()
        return admission


def _encode(answer: object, status: int) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status_code=204)
    return Response(msgspec.json.encode(answer), status, media_type="application/json")


async def _read_body(request: Request, kind: type[msgspec.Struct]) -> msgspec.Struct:
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media.lower() != "application/json":
        raise UnsupportedMedia("send application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"body: {error}") from error
