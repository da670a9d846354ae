"""The list of issues and one issue: plain pages for whoever sits at this machine."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mana_errors import meters
from mana_errors.errors import BadRequest, NotFound, ServerError
from mana_errors.model.issue import IssueStatus
from mana_errors.model.query import IssueQuery, parse_query
from mana_errors.store import read_events, read_issues
from mana_errors.store.reader import Reader
from mana_errors.web.guard import is_local
from mana_errors.web.render import STYLE_PATH, render, render_message, render_style

Show = Callable[[Request, Reader], Awaitable[Response]]

_log: Final = logging.getLogger(__name__)


def page_routes(reader: Reader) -> list[Route]:
    """Routes of all pages."""
    return [
        Route("/", _guarded(_show_issues, reader)),
        Route("/issues/{id}", _guarded(_show_issue, reader)),
        Route(STYLE_PATH, render_style),
    ]


def _guarded(show: Show, reader: Reader) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        if not is_local(request):
            return render_message(request, "forbidden", 403)
        try:
            return await show(request, reader)
        except NotFound:
            return render_message(request, "not_found", 404)
        except BadRequest:
            return render_message(request, "bad_request", 400)
        except ServerError as error:
            retry = {"Retry-After": str(error.retry_after_s)}
            return render_message(request, "unavailable", error.status, retry)
        except Exception:  # noqa: BLE001 - readers get a page, the log gets the rest
            meters.unexpected.labels("web").inc()
            _log.exception("page %s failed", request.url.path)
            return render_message(request, "error", 500)

    return page


async def _show_issues(request: Request, reader: Reader) -> Response:
    query = parse_query(IssueQuery, request.query_params.multi_items())
    async with reader.connection() as connection:
        page = await read_issues.list_issues(connection, query)
        apps = await read_issues.list_apps(connection)
    given = [(name, value) for name, value in request.query_params.multi_items() if value]
    more = urlencode(
        [*(pair for pair in given if pair[0] != "cursor"), ("cursor", page.next or "")]
    )
    values = {
        "query": query,
        "page": page,
        "more": f"/?{more}" if page.next else None,
        "filtered": bool(given),
        "apps": apps,
        "statuses": [status.value for status in IssueStatus],
        "origin": str(request.base_url).rstrip("/"),
    }
    return render(request, "issues.html", values)


async def _show_issue(request: Request, reader: Reader) -> Response:
    async with reader.connection() as connection:
        issue = await read_issues.describe_issue(connection, _id(request))
        event = (
            await read_events.find_event(connection, issue.latest_event_id)
            if issue.latest_event_id
            else None
        )
    return render(request, "issue.html", {"issue": issue, "event": event})


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise NotFound("the id in the path is no UUID") from error
