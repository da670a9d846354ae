"""A server that answers batches as a test wants it, and keeps what it was sent."""

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 60.0


def wait_until(condition, what, patience_s=PATIENCE_S):
    """The first truthy answer of condition()."""
    deadline = time.monotonic() + patience_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, "waited in vain for: " + what
        time.sleep(0.01)
    return answer


class StandIn(ThreadingHTTPServer):
    """Each request takes the next of `behaviours`; without any it is answered as the server does.

    A behaviour gets the handler and the decoded body, and answers through the handler.
    """

    daemon_threads = True
    # Keep-alive connections of clients that are gone must not be waited for.
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviours = []
        self.batches = []
        self.heads = []
        self.connections = 0
        self._stored = {}

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Clients may leave as they like."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def errors(self):
        """Reports that were taken, each once, as the server knows them by their ids."""
        return list(self._stored.values())

    @property
    def discarded(self):
        """Drop counts by reason."""
        counts = {}
        for batch in self.batches:
            for item in batch.get("discarded", []):
                counts[item["reason"]] = counts.get(item["reason"], 0) + item["quantity"]
        return counts

    def store(self, body):
        """What the server would answer."""
        self.batches.append(body)
        for error in body["errors"]:
            self._stored.setdefault(error["id"], error)
        total = len(body["errors"])
        results = [{"success": True, "id": error["id"]} for error in body["errors"]]
        return {
            "success": True,
            "total": total,
            "succeeded": total,
            "failed": 0,
            "results": results,
        }


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(gzip.decompress(raw))
        self.server.heads.append((self.path, dict(self.headers)))
        if self.server.behaviours:
            self.server.behaviours.pop(0)(self, body)
        else:
            self.answer(201, self.server.store(body))

    def answer(self, status, body, **headers):
        """JSON, or bytes as they are."""
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *_args):
        pass


def status(code, **headers):
    """Answers with a status, storing nothing."""
    return lambda handler, _body: handler.answer(code, {"success": False, "error": "no"}, **headers)


def garbage(handler, _body):
    """A page of a proxy that says that all is well."""
    handler.answer(200, b"<html>welcome</html>")


def hang_up(handler, _body):
    """The connection is closed without an answer."""
    handler.close_connection = True
    handler.connection.close()


def store_and_hang_up(handler, body):
    """The reports are stored, but nobody hears of it."""
    handler.server.store(body)
    hang_up(handler, body)


def close_mid_body(handler, body):
    """The reports are stored, but the answer breaks off."""
    handler.server.store(body)
    handler.send_response(201)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"success":')
    handler.close_connection = True
