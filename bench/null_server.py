"""Yardstick: the shipped HTTP server, as the worker configures it, answering 201 at once."""

import asyncio
import socket
import sys
from typing import Final

import uvicorn
import uvloop

from mana_errors.cli.worker import BACKLOG, KEEP_ALIVE_S
from mana_errors.config import Settings
from mana_errors.ingest.accept import Ingest, Reply
from mana_errors.ingest.answer import stored
from mana_errors.ingest.guard import Guard
from mana_errors.ingest.http import protocol_class
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.origins import ANY_ORIGIN
from mana_errors.ingest.receive import Headers, Receive, Scope, Send
from mana_errors.ingest.routes import REPORT, Route

_ANSWER: Final = stored("01990000-0000-7000-8000-000000000000", ANY_ORIGIN)
_SENDER: Final = Sender()


class NoWork(Ingest):
    """Takes the body in, says 201."""

    def __init__(self) -> None:
        """Needs neither spool nor clock."""
        self.guard = Guard(Settings())

    def meet(
        self, headers: Headers, query: bytes, host: str | None, route: Route = REPORT
    ) -> Sender:
        """Nobody in particular."""
        del headers, query, host, route
        return _SENDER

    def check(self, sender: Sender) -> None:
        """Refuse nothing."""

    def accept(self, sender: Sender, body: bytes, reply: Reply) -> None:
        """The same answer to all."""
        del sender, body
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
