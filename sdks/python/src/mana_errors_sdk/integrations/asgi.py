"""ASGI: ManaErrorsMiddleware for any app; the integrations of frameworks put it round theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Final, Optional

from mana_errors_sdk.diagnostics import debug
from mana_errors_sdk.integrations.body import BODY_BYTES_MAX, Body
from mana_errors_sdk.integrations.request import BODILESS, SERVER_ERROR, Request, user_id
from mana_errors_sdk.integrations.work import end, flush, report, unhandled
from mana_errors_sdk.scope import enter_scope

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
Call = Callable[[Any, AsgiScope, Receive, Send], Awaitable[None]]

# Where a request that is watched already is found in its scope.
KEY: Final = "mana_errors.request"
# How long a failed answer waits for the rest of a body that the app did not read; what arrived
# with the headers, as small bodies do, is there at once.
REST_OF_BODY_S: Final = 0.05
MECHANISM: Final = unhandled("asgi")
_WATCHED: Final = frozenset({"http", "websocket", "lifespan"})


def watching(call: Call) -> Call:
    """Instead of the __call__ of an application: reports what leaves it. What one layer watches
    already is not watched again."""

    # Servers look whether it is a coroutine function; one more of them would cost each request.
    async def call_watched(self: Any, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if KEY in scope or scope["type"] not in _WATCHED:
            await call(self, scope, receive, send)
            return
        if scope["type"] == "lifespan":
            await _serve_lifespan(partial(call, self), scope, receive, send)
            return
        request = scope[KEY] = AsgiRequest(scope, receive, send)
        if scope.get("method", "GET") not in BODILESS:
            request.body = Body()
            receive = request.receive
        token = enter_scope(request)
        try:
            await call(self, scope, receive, request.send)
        except Exception as error:
            await request.raised(error)
            raise
        finally:
            end(token)
            # Else scope and request hold each other, and each request is work for the collector.
            request.failure = scope[KEY] = None

    return call_watched


class ManaErrorsMiddleware:
    """Reports what leaves an app."""

    def __init__(self, app: AsgiApp) -> None:
        self.app = app

    @watching
    def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> Awaitable[None]:
        return self.app(scope, receive, send)


async def _serve_lifespan(app: AsgiApp, scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Startup and shutdown. Servers may end the process by a signal after it, without what Python
    runs at exit, so this is the moment to send what is left."""
    is_used = False

    async def receive_noting() -> Message:
        nonlocal is_used
        is_used = True
        return await receive()

    async def send_after_flush(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown."):
            await _flush()
        await send(message)

    scope[KEY] = None
    try:
        await app(scope, receive_noting, send_after_flush)
    except Exception as error:
        if is_used:
            report(error, MECHANISM)
            raise
        await _live_for(receive, send_after_flush)


async def _live_for(receive: Receive, send: Send) -> None:
    """For an app that has no lifespan: it raises before it receives anything (ASGI, Lifespan
    Protocol)."""
    for stage in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{stage}.complete"})


async def _flush() -> None:
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        flush()  # another kind of event loop, about to end
    else:
        await loop.run_in_executor(None, flush)


def noted(scope: AsgiScope, error: BaseException) -> None:
    """A handler of the framework makes an answer of this error: reported if that is a 5xx."""
    request = scope.get(KEY)
    if request is not None:
        request.failure = error


class AsgiRequest(Request):
    """Stands between server and app; passes everything on as it is."""

    mechanism = MECHANISM
    # what was received before the app asked for it
    _early: tuple[Message, ...] = ()
    # calls of the app that wait for the server
    _waiting = 0

    def __init__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        super().__init__()
        self._scope = scope
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """From the server; what passes is copied."""
        if self._early:
            first, *rest = self._early
            self._early = tuple(rest)
            return first
        self._waiting += 1
        try:
            message = await self._receive()
        finally:
            self._waiting -= 1
        self._copy(message)
        return message

    def _copy(self, message: Message) -> None:
        if message["type"] == "http.request":
            self.body.add(message.get("body", b""))
            self.body.complete = not message.get("more_body", False)

    def send(self, message: Message) -> Awaitable[None]:
        """To the server; the beginning of an answer says what became of the request. What only
        passes costs no coroutine of ours."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if message["status"] >= SERVER_ERROR:
                return self._send_failed(message)
            self.failure = None
        return self._send(message)

    async def raised(self, error: BaseException) -> None:
        """Nobody in the app caught it. Without an answer so far, the server makes a 500 of it."""
        try:
            if self.status is None:
                self.status = SERVER_ERROR
                await self._read_rest()
        finally:  # servers may cancel what their client does not wait for
            self.failed(error)

    async def _send_failed(self, message: Message) -> None:
        try:
            await self._read_rest()
        finally:
            if self.failure is not None:
                self.failed(self.failure)
        await self._send(message)

    async def _read_rest(self) -> None:
        """Of a small body that the app left unread: after the answer, servers give it no more.
        Whoever asks later still gets it."""
        if self.body.complete or self._waiting or not 0 < self.length() <= BODY_BYTES_MAX:
            return
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # another kind of event loop
        try:
            await asyncio.wait_for(self._keep_early(), REST_OF_BODY_S)
        except Exception:  # noqa: BLE001 - a client is slow or left: reported without the rest
            debug("the rest of a body could not be read")

    async def _keep_early(self) -> None:
        while not self.body.complete:
            message = await self._receive()
            self._early = (*self._early, message)
            self._copy(message)
            if message["type"] != "http.request":
                return

    def method(self) -> Optional[str]:
        """A WebSocket has none."""
        return self._scope.get("method")

    def url(self) -> str:
        """With the host that the client asked for."""
        from urllib.parse import quote

        scope = self._scope
        address = ":".join(str(part) for part in scope.get("server") or () if part)
        host = self.headers().get("host", address)
        path = quote(scope["path"], safe="/:@!$&'()*+,;=~-._%")
        query = scope.get("query_string", b"").decode("latin-1")
        return f"{scope.get('scheme', 'http')}://{host}{path}" + (f"?{query}" if query else "")

    def headers(self) -> dict[str, str]:
        """A name that comes twice has its values joined."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self._scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def signed_in(self) -> Optional[str]:
        """Starlette and Litestar put it into the scope."""
        return super().signed_in() or user_id(self._scope.get("user"))

    def route(self) -> Optional[str]:
        """Starlette, FastAPI and Litestar leave it in the scope, without an app's mount."""
        scope = self._scope
        path = getattr(scope.get("route"), "path", None)
        if path is None:
            return self.found_route or scope.get("path_template")
        mount = scope.get("root_path", "")[len(scope.get("app_root_path", "")) :]
        return mount + path
