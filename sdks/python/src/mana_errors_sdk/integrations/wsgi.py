"""WSGI: ManaErrorsMiddleware for any app; the integrations of frameworks put it round theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, Callable, Final, Optional

from mana_errors_sdk.diagnostics import debug
from mana_errors_sdk.integrations.body import BODY_BYTES_MAX, Body
from mana_errors_sdk.integrations.request import BODILESS, SERVER_ERROR, Request
from mana_errors_sdk.integrations.work import Token, end, unhandled
from mana_errors_sdk.scope import enter_scope

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

# Where a request that is watched already is found in its environ.
KEY: Final = "mana_errors.request"


class ManaErrorsMiddleware:
    """Reports what leaves an app; what one layer watches already is not watched again."""

    def __init__(self, app: WsgiApp) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return serve(self.app, environ, start_response)


def serve(app: WsgiApp, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Let the app serve a request, and report what it raises, also while it streams."""
    if KEY in environ:
        return app(environ, start_response)
    request = environ[KEY] = WsgiRequest(environ, start_response)
    token = enter_scope(request)
    streams = False
    try:
        answer = app(environ, request.start_response)
        streams = not _is_finished(answer, environ)
    except Exception as error:
        request.raised(error)
        raise
    finally:
        if not streams:
            request.end(token)
    return Streamed(answer, request, token) if streams else answer


def watching(call: Any) -> Any:
    """Instead of the __call__ of a framework's application."""

    def call_watched(self: Any, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def app(*request: Any) -> Iterable[bytes]:
            return call(self, *request)

        return serve(app, environ, start_response)

    return call_watched


def _is_finished(answer: Iterable[bytes], environ: Environ) -> bool:
    """Servers take lists and their own file wrappers apart, so these are passed on as they are;
    nothing of the app runs while they are sent."""
    wrapper = environ.get("wsgi.file_wrapper")
    of_server = isinstance(wrapper, type) and isinstance(answer, wrapper)
    return isinstance(answer, (list, tuple)) or of_server


class WsgiRequest(Request):
    """Stands between server and app; passes everything on as it is."""

    mechanism = unhandled("wsgi")
    _input: Optional[Input] = None

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        super().__init__()
        self._environ = environ
        self._start_response = start_response
        if environ["REQUEST_METHOD"] not in BODILESS:
            self.body = Body()
            self._input = environ["wsgi.input"] = Input(
                environ["wsgi.input"], self.length(), self.body
            )

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        """To the server; the beginning of an answer says what became of the request."""
        self.status = int(status[:3])
        if self.failure is not None and self.status >= SERVER_ERROR:
            self.failed(self.failure)
        self.failure = None
        return self._start_response(status, headers, *(() if exc_info is None else (exc_info,)))

    def raised(self, error: BaseException) -> None:
        """Nobody in the app caught it."""
        if self.status is None:
            self.status = SERVER_ERROR
        self.failed(error)

    def failed(self, error: BaseException) -> None:
        """Before the answer, for afterwards servers give no more of the body."""
        if self._input is not None:
            self._input.read_rest()
        super().failed(error)

    def end(self, token: Token) -> None:
        """It is served. Else environ and request hold each other, and each request is work for the
        collector."""
        end(token)
        self.failure = self._environ[KEY] = None

    def method(self) -> Optional[str]:
        """Always known."""
        return self._environ["REQUEST_METHOD"]

    def url(self) -> str:
        """With the host that the client asked for."""
        from wsgiref.util import request_uri

        return request_uri(self._environ)

    def said_length(self) -> str:
        """Asked of each request that may have a body."""
        return self._environ.get("CONTENT_LENGTH") or ""

    def headers(self) -> dict[str, str]:
        """As far as servers pass them on."""
        own = {
            name[5:].replace("_", "-").lower(): value
            for name, value in self._environ.items()
            if name.startswith("HTTP_")
        }
        unprefixed = {
            name.replace("_", "-").lower(): self._environ[name]
            for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
            if self._environ.get(name)
        }
        return {**own, **unprefixed}

    def signed_in(self) -> Optional[str]:
        """The server may know whom it let in."""
        return super().signed_in() or self._environ.get("REMOTE_USER") or None


class Input:
    """The body's stream; what the app reads is copied on the way."""

    def __init__(self, stream: Any, length: int, body: Body) -> None:
        self._stream = stream
        self._length = length
        self._body = body
        # the rest of the body, once it was read for a report before the app asked for it
        self._rest: Optional[BytesIO] = None

    def read(self, *size: int) -> bytes:
        """Of io.RawIOBase."""
        if self._rest is not None:
            return self._rest.read(*size)
        return self._copied(self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        """Of io.RawIOBase."""
        if self._rest is not None:
            return self._rest.readline(*size)
        return self._copied(self._stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        """Of io.RawIOBase."""
        if self._rest is not None:
            return self._rest.readlines(*hint)
        return [self._copied(line) for line in self._stream.readlines(*hint)]

    def readinto(self, buffer: bytearray) -> int:
        """Of io.RawIOBase."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _copied(self, data: bytes) -> bytes:
        body = self._body
        body.add(data)
        body.complete = not data or body.size == self._length
        return data

    def read_rest(self) -> None:
        """Of a small body that the app left unread; whoever asks later still gets it. A client that
        keeps it back makes this wait just as it makes any view wait that reads its body."""
        missing = self._length - self._body.size
        if self._rest is None and missing > 0 and self._length <= BODY_BYTES_MAX:
            try:
                rest = self._copied(self._stream.read(missing))
            except Exception:  # noqa: BLE001 - a client that left: what failed is reported without
                debug("the rest of a body could not be read")
            else:
                self._rest = BytesIO(rest)


class Streamed:
    """An answer that the app makes while it is sent."""

    def __init__(self, answer: Iterable[bytes], request: WsgiRequest, token: Token) -> None:
        self._answer = answer
        self._request = request
        self._token = token

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer
        except Exception as error:
            self._request.raised(error)
            raise

    def close(self) -> None:
        """The server calls it when it is done, whatever happened."""
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        except Exception as error:
            self._request.raised(error)
            raise
        finally:
            self._request.end(self._token)
