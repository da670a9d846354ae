"""One HTTP worker: ingest in front, API and pages behind. Started by `serve`."""

import asyncio
import logging
import os
import socket
from typing import Final

import uvicorn
import uvloop

from mana_errors import logs
from mana_errors.api.app import build
from mana_errors.cli.parent import parent_gone
from mana_errors.config import Settings, load_settings
from mana_errors.ingest.accept import Ingest
from mana_errors.ingest.app import IngestApp
from mana_errors.ingest.http import protocol_class
from mana_errors.ingest.stamp import system_clock
from mana_errors.model.health import Check
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter

# SDKs flush every few seconds: keep their connections in between.
KEEP_ALIVE_S: Final = 30
# `serve` kills after 30 s; what is in flight has less.
DRAIN_S: Final = 20
# Connections waiting to be accepted while the loop is busy; Linux caps it at net.core.somaxconn.
BACKLOG: Final = 2048


def main() -> None:
    """Serve the inherited socket until SIGTERM or until the parent is gone."""
    settings = load_settings()
    logs.setup(
        settings.log_level, settings.log_format, f"worker-{os.environ['MANA_ERRORS_WORKER']}"
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    spool = SpoolWriter(
        settings.data_dir / "spool",
        SpoolLimits(settings.spool_max_bytes, settings.min_free_bytes),
    )
    pages = build(settings, os.environ["MANA_ERRORS_DSN"], lambda: _spool_check(spool))
    ingest = Ingest(spool, system_clock(settings.retention))
    server = uvicorn.Server(_config(ingest, IngestApp(ingest, pages)))
    descriptors = os.environ["MANA_ERRORS_LISTEN_FDS"].split(",")
    listening = [socket.socket(fileno=int(descriptor)) for descriptor in descriptors]

    def leave() -> None:
        server.should_exit = True

    parent_gone(leave)
    await server.serve(sockets=listening)
    await spool.close()
    await pages.close()
    logging.getLogger("mana_errors.cli.worker").info("worker left")


def _config(ingest: Ingest, app: IngestApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol_class(ingest),
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )


def _spool_check(spool: SpoolWriter) -> Check:
    reason = spool.refusal()
    return Check("spool", reason is None, reason or "reports can be made durable")


if __name__ == "__main__":
    main()
