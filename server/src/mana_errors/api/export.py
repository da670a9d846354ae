"""Events as a file, streamed: page by page, so that neither memory nor a connection is held."""

import logging
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.responses import StreamingResponse

from mana_errors import meters
from mana_errors.api.table import Call, NoBody
from mana_errors.model.export import MEDIA_TYPES, Exporter, ExportQuery
from mana_errors.store import read_events

# Events read at once, about 1 MB.
PAGE: Final = 1_000
# More belongs into a dump of the database.
MAX_EVENTS: Final = 1_000_000

_log: Final = logging.getLogger(__name__)


async def export_events(call: Call[ExportQuery, NoBody]) -> StreamingResponse:
    """The events of a search, newest first, as CSV or JSON lines."""
    exporter = Exporter(call.query)
    query = msgspec.structs.replace(call.query, limit=PAGE)
    # The first page before the answer begins: what is wrong with the query is said as a problem.
    first = await _page(call, query)
    headers = {"Content-Disposition": f'attachment; filename="events.{call.query.format}"'}
    body = _body(call, query, exporter, first)
    return StreamingResponse(body, headers=headers, media_type=MEDIA_TYPES[call.query.format])


async def _body(
    call: Call[ExportQuery, NoBody],
    query: ExportQuery,
    exporter: Exporter,
    page: read_events.EventPage,
) -> AsyncIterator[bytes]:
    yield exporter.head()
    left = MAX_EVENTS
    while True:
        yield exporter.rows(page.items[:left])
        left -= len(page.items)
        if page.next is None or left <= 0:
            return
        try:
            page = await _page(call, msgspec.structs.replace(query, cursor=page.next))
        except Exception:
            # The answer has begun: all that can be said is that it is not whole.
            meters.unexpected.labels("api").inc()
            _log.exception("an export ended early")
            raise


async def _page(call: Call[ExportQuery, NoBody], query: ExportQuery) -> read_events.EventPage:
    async with call.reader.connection() as connection:
        return await read_events.list_events(connection, query, call.apps)
