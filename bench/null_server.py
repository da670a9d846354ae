"""Yardstick: the shipped HTTP server, as the worker configures it, answering 201 at once."""

import asyncio
import socket
import sys
from typing import Final

import uvicorn
import uvloop

from mana_errors.cli.worker import BACKLOG, KEEP_ALIVE_S
from mana_errors.ingest.accept import JSON_HEADERS, Answer, Ingest, Reply
from mana_errors.ingest.http import protocol_class
from mana_errors.ingest.receive import Headers, Receive, Scope, Send

_BODY: Final = b'{"success":true,"id":"01990000-0000-7000-8000-000000000000"}'
_ANSWER: Final = Answer(201, JSON_HEADERS, _BODY)


class NoWork(Ingest):
    """Takes the body in, says 201."""

    def __init__(self) -> None:
        """Needs neither spool nor clock."""

    def check(self, headers: Headers, *, batch: bool) -> None:
        """Refuse nothing."""

    def accept(self, headers: Headers, body: bytes, reply: Reply, *, batch: bool) -> None:
        """The same answer to all."""
        del headers, body, batch
        reply(_ANSWER)


async def no_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing but reports is served."""
    del scope, receive, send


def main() -> None:
    """Serve a free port, which is printed."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        no_app,
        http=protocol_class(NoWork()),
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
