"""A receiver of alerts on loopback that answers what a test tells it to."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Sink:
    """What it got, and what it will answer: status, headers, body; the last one for ever."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(
        default_factory=lambda: [(200, {}, b"ok")]
    )
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def answer(self, status: int, body: object = b"", **headers: str) -> None:
        """Instead of what it answered until now."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers = [(status, headers, raw)]

    def next(self) -> tuple[int, dict[str, str], bytes]:
        """The answer that is due."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def sink() -> Generator[Sink]:
    """One that listens."""
    made = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.got.append((self.path, headers, json.loads(body)))
            status, more, answer = made.next()
            self.send_response(status)
            for name, value in {**more, "content-length": str(len(answer))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
