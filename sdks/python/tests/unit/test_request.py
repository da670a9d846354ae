"""What integrations copy of a request, and what they leave alone."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from contextvars import copy_context
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors_sdk import api
from mana_errors_sdk.integrations import asgi, wsgi
from mana_errors_sdk.integrations.body import BODY_BYTES_MAX, Body
from mana_errors_sdk.integrations.request import user_id
from mana_errors_sdk.integrations.wsgi import Input
from mana_errors_sdk.scope import current_scope, process_scope
from stand_in import StandIn

JSON = "application/json; charset=utf-8"


def body_of(*chunks: bytes) -> Body:
    body = Body()
    for chunk in chunks:
        body.add(chunk)
    body.complete = True
    return body


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (JSON, b'{"a": 1}', {"a": 1}),
        ("application/problem+json", b'{"a": 1}', {"a": 1}),
        (JSON, b"[1, 2]", {"body": [1, 2]}),
        ("application/x-www-form-urlencoded", b"a=1&b=2&b=3&c=", {"a": "1", "b": ["2", "3"], "c": ""}),
        ("text/plain", "grüße".encode(), {"body": "grüße"}),
    ],
)  # fmt: skip
def test_what_is_read(kind: str, data: bytes, value: object) -> None:
    """Fields where the kind has fields, else the text below `body`."""
    assert body_of(data).read(kind, 0) == value


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (JSON, b'{"password": "hunter2"'),
        (JSON, b"[" * 20_000),
        (JSON, b'"' + b"hunter2" * BODY_BYTES_MAX + b'"'),
        ("multipart/form-data; boundary=x", b"--x\r\nhunter2"),
        ("application/xml", b"<password>hunter2</password>"),
        ("", b"hunter2"),
    ],
)
def test_what_is_described_only(kind: str, data: bytes) -> None:
    """Where no field's name can be told, a secret could not be hidden."""
    read = body_of(data).read(kind, 0)
    assert read is not None
    assert f"{len(data)} bytes" in str(read["body"])
    assert "hunter2" not in str(read)


def test_no_body() -> None:
    """There is nothing to say."""
    assert Body().read(JSON, 0) is None


@given(st.lists(st.binary(max_size=BODY_BYTES_MAX), max_size=5))
def test_what_is_kept_is_bounded(chunks: list[bytes]) -> None:
    """However much passes."""
    body = body_of(*chunks)
    assert body.size == sum(map(len, chunks))
    assert sum(map(len, body._chunks)) <= BODY_BYTES_MAX


READS = st.lists(
    st.sampled_from(["read", "readline", "readlines", "readinto", "rest"])
    .flatmap(lambda name: st.tuples(st.just(name), st.integers(1, 9))),
    max_size=12,
)  # fmt: skip


@given(st.binary(max_size=60), READS)
def test_reading_through_the_copy(data: bytes, reads: list[tuple[str, int]]) -> None:
    """The app gets every byte in order, whenever a report has read the rest before it."""
    body, got = Body(), b""
    stream = Input(BytesIO(data), len(data), body)
    for name, size in reads:
        got += _read(stream, name, size)
    got += stream.read()
    assert got == data
    assert b"".join(body._chunks) == data


def _read(stream: Input, name: str, size: int) -> bytes:
    if name == "rest":
        stream.read_rest()
        return b""
    if name == "readinto":
        buffer = bytearray(size)
        return bytes(buffer[: stream.readinto(buffer)])
    if name == "readlines":
        return b"".join(stream.readlines(size))
    return getattr(stream, name)(size)


class Model:
    """As an ORM has them: what is not loaded is a query."""

    is_authenticated = True

    def __init__(self, **loaded: object) -> None:
        self.__dict__.update(loaded)

    def __getattr__(self, name: str) -> Any:
        if name in ("id", "pk"):
            raise AssertionError("a query in a failing request")
        raise AttributeError(name)


class Anonymous:
    """Nobody."""

    is_authenticated = False
    id = 7


@pytest.mark.parametrize(
    ("user", "known"),
    [
        (None, None), ("u-1", "u-1"), (7, "7"), ({"sub": "u-1"}, "u-1"), (Anonymous(), None),
        (Model(id=7), "7"), (Model(username="ann"), "ann"), (Model(name="x"), None),
    ],
)  # fmt: skip
def test_who_it_is(user: object, known: str | None) -> None:
    """Only what lies in memory is read."""
    assert user_id(user) == known


HTTP = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"shop.example")]}


async def nothing(*_message: Any) -> Any:
    raise AssertionError("nobody should ask")


@pytest.mark.parametrize("gateway", ["asgi", "wsgi"])
def test_a_request_inherits_nothing_of_the_one_before(gateway: str) -> None:
    """asyncio may read a connection's next request in the context of the last one."""
    api.set_tag("of", "the process")
    contexts, seen = [], []

    def app() -> None:
        seen.append((dict(current_scope().tags), current_scope().user))
        api.set_user("ann")
        api.set_tag("cart", 7)
        contexts.append(copy_context())

    async def asgi_app(*_request: Any) -> None:
        app()

    def wsgi_app(*_request: Any) -> list[bytes]:
        app()
        return []

    def serve() -> None:
        if gateway == "asgi":
            asyncio.run(asgi.ManaErrorsMiddleware(asgi_app)(dict(HTTP), nothing, nothing))
        else:
            wsgi.serve(wsgi_app, {"REQUEST_METHOD": "GET"}, print)

    serve()
    contexts[0].run(serve)
    assert seen == [({"of": "the process"}, {})] * 2


class Left:
    """The body of a client that left: `error` is what a server makes of that."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def read(self, *_size: int) -> bytes:
        raise self._error

    async def receive(self) -> Any:
        raise self._error


def fail() -> None:
    raise KeyError("cart")


def environ_of(method: str, **more: Any) -> wsgi.Environ:
    return {
        "REQUEST_METHOD": method, "SERVER_NAME": "shop.example", "SERVER_PORT": "80",
        "wsgi.url_scheme": "http", **more,
    }  # fmt: skip


@pytest.mark.parametrize("answer", [lambda: [b"x"], lambda: iter([b"x"]), fail])
def test_a_request_of_wsgi_leaves_nothing_to_the_collector(answer: Any) -> None:
    """Else each one is work for it, and lives until then with all that its app keeps there."""

    def serve() -> weakref.ref[Any]:
        environ, seen = environ_of("GET"), []

        def app(environ: wsgi.Environ, _start_response: object) -> Any:
            seen.append(weakref.ref(current_scope()))
            environ[wsgi.KEY].failure = KeyError("of the framework")
            return answer()

        with suppress(KeyError):
            answered: Any = wsgi.serve(app, environ, print)
            list(answered)
            getattr(answered, "close", list)()
        return seen[0]

    gc.disable()
    try:
        assert serve()() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(("said", "length"), [("", 0), ("7", 7), ("-7", 0), ("9" * 5000, 0)])
def test_lengths_of_bodies(said: str, length: int) -> None:
    """A length that nobody can have is none."""
    environ = environ_of("POST", CONTENT_LENGTH=said, **{"wsgi.input": BytesIO()})
    assert wsgi.WsgiRequest(environ, print).length() == length
    headers = [(b"content-length", said.encode())]
    assert asgi.AsgiRequest({**HTTP, "headers": headers}, nothing, nothing).length() == length


def test_a_client_that_leaves_amid_a_body_of_wsgi(client: Any, server: StandIn) -> None:
    """The app's own error reaches the server, and is reported."""
    client()
    body = {"wsgi.input": Left(ConnectionError()), "CONTENT_LENGTH": "9"}
    environ = environ_of("POST", **body)
    with pytest.raises(KeyError):
        wsgi.serve(lambda *_request: [fail()], environ, print)  # type: ignore[list-item]
    assert current_scope() is process_scope()
    api.flush()
    (error,) = server.errors
    assert error["errorType"] == "KeyError"
    assert error["requestBody"] == {"body": "[unknown type, 9 bytes]"}


@pytest.mark.parametrize("left", [ConnectionError("left"), asyncio.CancelledError()])
@pytest.mark.parametrize("caught", [True, False])
def test_a_client_that_leaves_amid_a_body_of_asgi(
    client: Any, server: StandIn, left: BaseException, caught: bool
) -> None:
    """The same; and an answer that the app makes of its error is sent. Servers may also cancel."""
    client()
    scope = {**HTTP, "headers": [(b"content-length", b"9")]}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        try:
            fail()
        except KeyError as error:
            if not caught:
                raise
            asgi.noted(scope, error)
        await send({"type": "http.response.start", "status": 503, "headers": []})

    async def serve() -> None:
        await asgi.ManaErrorsMiddleware(app)(scope, Left(left).receive, send)

    is_answered = caught and isinstance(left, Exception)
    with suppress(KeyError, asyncio.CancelledError):
        asyncio.run(serve())
    assert [message["status"] for message in sent] == [503] * is_answered
    api.flush()
    assert [error["errorType"] for error in server.errors] == ["KeyError"]
