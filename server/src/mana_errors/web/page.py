"""One path's pages as an ASGI app: from request to answer."""

import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mana_errors import meters
from mana_errors.errors import (
    ClientError,
    Forbidden,
    Moved,
    ServerError,
    TooManyRequests,
    Unauthorized,
)
from mana_errors.model.principal import Scope as Right
from mana_errors.web.forms import TOKEN_FIELD, is_token, read_form
from mana_errors.web.render import pack, render_message
from mana_errors.web.visit import Services, Visit, find_session

Show = Callable[[Visit], Awaitable[Response]]

# What a page says instead, by the status of what went wrong.
_MESSAGES: Final = {
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
}
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """One page or form: enough to serve it and to test it."""

    method: str
    path: str
    show: Show
    # None: guests too
    scope: Right | None = "read"
    # it is about the whole server: who is bound to some apps may not
    all_apps: bool = False
    # a signature in its path is the proof: whoever has it may send it, from anywhere; its fields
    # are not read
    signed: bool = False


class _ForeignForm(Forbidden):
    """A form that no page of ours sent, or none of this session."""


class Pages:
    """Answers every method of one path; never raises."""

    def __init__(self, pages: Sequence[Page], services: Services) -> None:
        self._pages = {page.method: page for page in pages}
        self._services = services
        reading = {"HEAD"} if "GET" in self._pages else set[str]()
        self._allow = ", ".join(sorted({*self._pages, *reading}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ServerError as error:
            response = render_message(request, "unavailable", error.status)
            response.headers["Retry-After"] = str(error.retry_after_s)
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - readers get a page, the log gets the rest
            meters.unexpected.labels("web").inc()
            _log.exception("page %s failed", _without_secret(request))
            response = render_message(request, "error", 500)
        pack(request, response)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """The stages of a visit, in order. Raises ServerError."""
        if not self._services.site.knows_host(request):
            return render_message(request, "wrong_host", 403)
        page = self._pages.get("GET" if request.method == "HEAD" else request.method)
        if page is None:
            response = render_message(request, "method", 405)
            response.headers["Allow"] = self._allow
            return response
        found = await find_session(request, self._services)
        visit = Visit(request, self._services, found)
        response = await _show(page, visit)
        visit.keep_form_secret(response)
        if found is not None and found.fresh is not None and not _sets_session(visit, response):
            visit.keep_session(response, found.fresh)
        return response


async def _show(page: Page, visit: Visit) -> Response:
    try:
        if page.scope is not None:
            visit.principal.must(page.scope)
            if page.all_apps:
                visit.principal.must_see_all()
        if page.method == "POST" and not page.signed:
            visit = dataclasses.replace(visit, form=await read_form(visit.request))
            _must_be_ours(visit)
        return await page.show(visit)
    except ClientError as error:
        return _instead(page, visit, error)


def _instead(page: Page, visit: Visit, error: ClientError) -> Response:
    """What a page says or where it leads when it cannot be shown."""
    match error:
        case Unauthorized():
            return visit.go(_way_in(visit.request))
        case Moved() if page.method == "GET":
            return visit.go(error.path(visit.request.url.path, visit.request.url.query))
        case Moved():
            return visit.message("not_found", HTTPStatus.NOT_FOUND)
        case _ForeignForm():
            return visit.message("stale_form", 403)
        case TooManyRequests(retry_after_s=wait):
            return visit.message("throttled_page", 429, {"Retry-After": str(wait)})
        case _:
            name = _MESSAGES.get(HTTPStatus(error.status), "bad_request")
            return visit.message(name, error.status)


def _must_be_ours(visit: Visit) -> None:
    """Raise _ForeignForm for what another site may have sent."""
    token = visit.form.exact(TOKEN_FIELD)
    own = is_token(token, visit.form_secret, visit.session_name)
    if not (own and visit.site.from_own_page(visit.request)):
        raise _ForeignForm("send the form from its page")


def _way_in(request: Request) -> str:
    """Where to sign in, and from there back to where they wanted to go."""
    if request.method not in {"GET", "HEAD"} or request.url.path == "/":
        return "/sign-in"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/sign-in?next={quote(request.url.path + query, safe='/')}"


def _sets_session(visit: Visit, response: Response) -> bool:
    """Whether the page itself signed somebody in or out."""
    name = visit.site.session_cookie
    return any(value.startswith(f"{name}=") for value in response.headers.getlist("set-cookie"))


def _without_secret(request: Request) -> str:
    """The path for logs: one-time links carry their secret in it."""
    return f"/{request.url.path.split('/')[1]}/…"
