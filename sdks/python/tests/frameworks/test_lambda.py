"""AWS Lambda's own runtime client, with an imitation of the service that it asks for work."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

from programs import Site

HTTP_2 = {
    "version": "2.0",
    "routeKey": "POST /orders/{id}",
    "rawPath": "/orders/7",
    "rawQueryString": "page=2&token=s3cret",
    "headers": {"Host": "shop.example", "Content-Type": "application/json", "Cookie": "s3cret"},
    "requestContext": {
        "http": {"method": "POST", "path": "/orders/7"},
        "authorizer": {"jwt": {"claims": {"sub": "u-42"}}},
    },
    "body": json.dumps({"item": "tea", "password": "hunter2"}),
    "isBase64Encoded": False,
}


class Api(BaseHTTPRequestHandler):
    """Hands out what is in the queue, and takes what becomes of it."""

    invocations: SimpleQueue[object]
    results: SimpleQueue[str]

    def do_GET(self) -> None:
        """The next invocation."""
        body = json.dumps(self.invocations.get()).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
        self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:shop")
        self._finish(body)

    def do_POST(self) -> None:
        """Its result, or its error."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.results.put(self.path.rpartition("/")[2])
        self.send_response(202)
        self._finish(b"")

    def _finish(self, body: bytes) -> None:
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def _service(*events: object) -> Iterator[tuple[str, SimpleQueue[str]]]:
    """Its address, and what becomes of the invocations."""
    Api.invocations, Api.results = SimpleQueue(), SimpleQueue()
    for event in events:
        Api.invocations.put(event)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", Api.results
    finally:
        server.shutdown()
        server.server_close()


def test_lambda(site: Site) -> None:
    """What a handler raises is sent before the invocation ends, with the request that the gateway
    made of it; the service still gets the error."""
    with _service({"ok": True}, HTTP_2, {"Records": [{"token": "s3cret"}]}) as (address, results):
        environ = {"AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": "shop"}
        program = site.start(
            "lambda", "frameworks", "-m", "awslambdaric", "lambda_app.handle", **environ
        )
        assert [results.get(timeout=60) for _ in range(3)] == ["response", "error", "error"]
        # as the service freezes it: nothing that waits for the end of the process is sent
        program.kill()
    web, queue = site.events("lambda", 2)
    check_web(web)
    assert (queue["errorType"], queue["payload"]["transaction"]) == ("KeyError", "shop")
    assert queue["context"]["lambda"]["event"] == {"Records": [{"token": "[scrubbed]"}]}
    assert queue["context"]["lambda"]["requestId"] == "request-1"


def check_web(event: dict[str, Any]) -> None:
    """The request of format 2.0."""
    assert event["requestMethod"] == "POST"
    assert event["requestUrl"] == "https://shop.example/orders/7?page=2&token=[scrubbed]"
    assert event["requestBody"] == {"item": "tea", "password": "[scrubbed]"}
    assert event["userId"] == "u-42"
    assert event["payload"]["transaction"] == "POST /orders/{id}"
    assert "s3cret" not in json.dumps(event)
