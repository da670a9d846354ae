"""Events as they come: server-sent events, which a script of the page shows."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import Response, StreamingResponse

from mana_errors.errors import ClientError, ServerError, TooManyRequests
from mana_errors.model.query import EventQuery, parse_query
from mana_errors.model.reading import EventSummary
from mana_errors.store import apps, read_events
from mana_errors.web.render import STREAM_HEADERS
from mana_errors.web.visit import Visit

# People read no faster.
_POLL_S: Final = 1.0
# A stream ends soon and the browser comes again by itself: who was signed out meanwhile hears no
# more, and a server that stops need not wait for it.
_LIFETIME_S: Final = 10.0
_RETRY_MS: Final = 300
# Events that occurred that long before they arrived are shown; older ones are on the list.
_WINDOW: Final = timedelta(minutes=2)
# A screenful; a storm is a number, not a text.
_BATCH: Final = 30


async def show(visit: Visit) -> Response:
    """The page; its filters are those of events."""
    query = parse_query(EventQuery, visit.asked)
    async with visit.reader.connection() as connection:
        seen = await apps.listed(connection, visit.principal.apps)
    values = {"query": query, "apps": [app.id for app in seen], "source": _source(visit)}
    return visit.page("tail.html", values)


def _source(visit: Visit) -> str:
    query = visit.request.url.query
    return f"/tail/events?{query}" if query else "/tail/events"


async def stream(visit: Visit) -> Response:
    """New events, for a while. Raises TooManyRequests."""
    query = parse_query(EventQuery, visit.asked)
    if visit.services.streams.locked():
        raise TooManyRequests("too many tails at once", retry_after_s=5)
    events = _events(visit, query)
    return StreamingResponse(events, headers=STREAM_HEADERS, media_type="text/event-stream")


async def _events(visit: Visit, query: EventQuery) -> AsyncGenerator[str]:
    async with visit.services.streams:
        yield f"retry: {_RETRY_MS}\n\n"
        seen: set[UUID] = set()
        loop = asyncio.get_running_loop()
        end = loop.time() + _LIFETIME_S
        while loop.time() < end:
            try:
                found = await _newest(visit, query)
            except (ClientError, ServerError):
                # the browser comes again
                return
            for event in reversed([event for event in found if event.id not in seen]):
                yield _message(event)
            seen = {event.id for event in found}
            yield ": still here\n\n"
            await asyncio.sleep(_POLL_S)


async def _newest(visit: Visit, query: EventQuery) -> list[EventSummary]:
    since = datetime.now(UTC) - _WINDOW
    wanted = msgspec.structs.replace(query, since=since, limit=_BATCH, cursor=None)
    async with visit.reader.connection() as connection:
        return (await read_events.list_events(connection, wanted, visit.principal.apps)).items


def _message(event: EventSummary) -> str:
    said: dict[str, Any] = {
        "id": event.id,
        "at": event.occurred_at,
        "app": event.app_id,
        "severity": event.severity,
        "type": event.error_type,
        "message": event.message[:300],
        "environment": event.environment or "",
        "user": event.user_id or "",
    }
    return f"data: {msgspec.json.encode(said).decode()}\n\n"
