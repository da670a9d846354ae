"""Yardstick: the shipped HTTP server with the worker's configuration, answering 201 at once."""

import asyncio
import socket
import sys

import uvicorn
import uvloop

from mana_errors.cli.worker import BACKLOG, KEEP_ALIVE_S
from mana_errors.ingest.receive import Receive, Scope, Send

_BODY = b'{"success":true,"id":"01990000-0000-7000-8000-000000000000"}'
_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
]


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the body in, say 201."""
    del scope
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


def main() -> None:
    """Serve a free port, which is printed."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        answer,
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
