"""The ingest routes straight on the connection: a quarter of what an ASGI server costs a request.

Ingest is nearly all of a server's traffic, and every POST of it looks alike. A connection whose
first request is such a POST is served here; at the first request of any other kind it is handed
to uvicorn for good, whose ASGI app answers the ingest routes just the same (ingest/app.py).

One request is in work at a time. A client that pipelines gets the answer to its first request
and then the connection closed, as RFC 9112 section 9.3.2 allows; it must send the rest again.
"""

import asyncio
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, Final, cast

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from mana_errors.errors import BadRequest, Overloaded
from mana_errors.ingest.accept import Ingest
from mana_errors.ingest.answer import Answer, refusal
from mana_errors.ingest.guard import Held
from mana_errors.ingest.handed import MAX_HEADERS_BYTES, HandedProtocol
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.receive import Headers, too_large
from mana_errors.ingest.routes import REPORT, Route, find_route
from mana_errors.ingest.watch import Watch

_METHOD: Final = b"POST /"
# A request line that fits the routes above, with room for the query that proxies or clients add.
MAX_LINE_BYTES: Final = 8 * 1024
# How long a refused request may go on sending, so that it reads our answer and not a reset.
LINGER_S: Final = 2.0
_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class IngestProtocol(asyncio.Protocol):
    """One connection. uvicorn makes it, with the arguments behind `ingest`."""

    def __init__(
        self,
        ingest: Ingest,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._uvicorn = (config, server_state, app_state)
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._ingest = ingest
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        # the beginning of a request line, until it says whether the request is ours
        self._sniffed = b""
        # the parser is in a request that is ours; what it says otherwise is ignored
        self._reading = False
        # an answer is owed
        self._in_work = False
        # of the request that is being read or in work
        self._route: Route = REPORT
        # close after the answer
        self._leaving = False
        # refused: whatever still comes is thrown away
        self._lingering = False
        self._host: str | None = None
        # of the request that is being read or in work
        self._sender: Sender | None = None
        self._held = Held(ingest.guard)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        # A Unix socket's is a string.
        self._host = peer[0] if isinstance(peer, tuple) else None
        _connections(self._state).add(self)
        guard = self._ingest.guard
        self._watch = Watch(guard, self._loop, self._transport.close)
        if guard.admit():
            self._watch.idle()
        else:
            self._turn_away()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._watch.stop()
        self._held.release()
        self._ingest.guard.leave()
        _connections(self._state).discard(self)

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        if not (self._reading or self._in_work):
            if self._sniffed:
                data, self._sniffed = self._sniffed + data, b""
            if not self._is_ours(data):
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(BadRequest("upgrades are not supported"))
        except httptools.HttpParserError as error:
            self._refuse(_cause(error))

    # What uvicorn calls

    def shutdown(self) -> None:
        """Answer what is in work, then leave."""
        self._leaving = True
        if not (self._reading or self._in_work):
            self._transport.close()

    # What the parser calls

    def on_message_begin(self) -> None:
        if not self._reading:
            # Pipelined behind a request that is not answered yet.
            self._leaving = True
            return
        self._url = b""
        self._headers: Headers = {}
        self._headers_size = 0
        self._sender = None
        self._body: list[bytes] = []
        self._body_size = 0

    def on_url(self, url: bytes) -> None:
        if self._reading:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading:
            self._headers_size += len(name) + len(value)
            if self._headers_size > MAX_HEADERS_BYTES:
                raise too_large(MAX_HEADERS_BYTES)
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if not self._reading:
            return
        query = self._url.partition(b"?")[2]
        self._limit = self._route.limit
        self._watch.has_head()
        self._sender = self._ingest.meet(self._headers, query, self._host, self._route)
        self._ingest.check(self._sender)
        if self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._reading:
            self._body_size += len(body)
            if self._body_size > self._limit:
                raise too_large(self._limit)
            self._held.add(len(body))
            self._watch.hears(len(body))
            self._body.append(body)

    def on_message_complete(self) -> None:
        if not self._reading or self._sender is None:
            return
        self._reading, self._in_work = False, True
        self._watch.works()
        self._leaving = self._leaving or not self._parser.should_keep_alive()
        self._state.total_requests += 1
        body, self._body = b"".join(self._body), []
        self._ingest.accept(self._sender, body, self._answer)

    # Steps

    def _is_ours(self, data: bytes) -> bool:
        """Whether the request that begins here is served here; keeps or hands over what is not."""
        self._watch.begins()
        line, whole, _ = data.partition(b"\r\n")
        if (
            not whole
            and len(data) <= MAX_LINE_BYTES
            and data[: len(_METHOD)] == _METHOD[: len(data)]
        ):
            self._sniffed = data
            return False
        target = line.split(b" ", 2)[1] if line.startswith(_METHOD) else b""
        route = find_route(target.partition(b"?")[0]) if len(line) <= MAX_LINE_BYTES else None
        if route is not None:
            self._reading, self._route = True, route
            return True
        self._hand_over(data)
        return False

    def _hand_over(self, data: bytes) -> None:
        self._watch.stop()
        _connections(self._state).discard(self)
        protocol = HandedProtocol(self._ingest.guard, *self._uvicorn, self._loop)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _turn_away(self) -> None:
        """One connection too many: an answer, whatever it wanted, and the end."""
        self._leaving, self._lingering = True, True
        full = Overloaded("too many connections; try again later")
        self._transport.write(self._encode(refusal(full)))
        self._transport.close()

    def _refuse(self, error: Exception) -> None:
        """Answer in mid-request: nothing behind it on this connection can be trusted."""
        self._reading, self._leaving, self._lingering = False, True, True
        self._held.release()
        self._watch.works()
        self._loop.call_later(LINGER_S, self._transport.close)
        self._transport.write(self._encode(self._ingest.refuse(error, self._sender)))

    def _answer(self, answer: Answer) -> None:
        self._in_work = False
        self._held.release()
        self._watch.idle()
        if self._transport.is_closing():
            return
        self._transport.write(self._encode(answer))
        if self._leaving:
            self._transport.close()

    def _encode(self, answer: Answer) -> bytes:
        close = b"connection: close\r\n" if self._leaving else b""
        return b"%b%b%b%bcontent-length: %d\r\n\r\n%b" % (
            _STATUS_LINES[answer.status],
            _lines(*self._state.default_headers),
            _lines(*answer.headers),
            close,
            len(answer.body),
            answer.body,
        )


def protocol_class(ingest: Ingest) -> type[asyncio.Protocol]:
    """What uvicorn takes as its `http` class: called with its own arguments."""
    return cast("type[asyncio.Protocol]", partial(IngestProtocol, ingest))


def _connections(state: ServerState) -> set[Any]:
    # uvicorn calls nothing but shutdown() of what it finds there.
    return cast("set[Any]", state.connections)


# Few, and the same for seconds: the date, and the headers of the contract's answers.
@lru_cache(maxsize=32)
def _lines(*headers: tuple[bytes, bytes]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def _cause(error: httptools.HttpParserError) -> Exception:
    """What one of our callbacks raised, which the parser wraps; else what it says itself."""
    raised = error.__context__
    if isinstance(raised, Exception) and not isinstance(raised, httptools.HttpParserError):
        return raised
    return BadRequest("the request is not HTTP/1.1")
