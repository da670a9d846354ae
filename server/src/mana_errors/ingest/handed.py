"""Connections that ingest/http.py hands over: uvicorn's protocol with the limits that it lacks."""

import asyncio
import logging
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mana_errors import meters
from mana_errors.ingest.guard import Guard
from mana_errors.ingest.watch import Watch

# Request line and headers of one request; between Node's 16 KiB and nginx's 32 KiB.
MAX_HEADERS_BYTES: Final = 32 * 1024

# uvicorn warns of every request that is not HTTP: counted instead, so that strangers cannot fill
# the log.
_log: Final = logging.getLogger("uvicorn.error.handed")
_log.setLevel(logging.ERROR)


class HandedProtocol(HttpToolsProtocol):
    """One connection of pages, API or anything else that is no POST of a report."""

    def __init__(
        self,
        guard: Guard,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self.logger = _log
        self._guard = guard
        self._head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - uvicorn's own signature
        super().connection_made(transport)
        self._watch = Watch(self._guard, self.loop, transport.close, self._holds_up)
        self._watch.idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.stop()
        self._guard.leave()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._watch.begins()
        self._head_size = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._check_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._check_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._watch.has_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._watch.hears(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle.response_complete:
            self._watch.idle()
        else:
            self._watch.works()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # Else the request is still coming in, or the next one is in work.
        if not self.cycle.more_body and self.cycle.response_complete:
            self._watch.idle()

    def send_400_response(self, msg: str) -> None:
        meters.requests_refused.labels("400").inc()
        super().send_400_response(msg)

    def _check_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEADERS_BYTES:
            # uvicorn answers 400 to what its parser ends with.
            raise ValueError("the head is too large")

    def _holds_up(self) -> bool:
        """Whether the app is slower than the client."""
        return self.flow.read_paused
