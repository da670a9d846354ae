"""One HTTP worker: ingest in front, API and pages behind. Started by `serve`."""

import asyncio
import logging
import os
import resource
import socket
from typing import Final

import uvicorn
import uvloop

from mana_errors import logs
from mana_errors.api.app import App, build
from mana_errors.cli.parent import parent_gone
from mana_errors.config import Settings, load_settings
from mana_errors.ingest.accept import Ingest
from mana_errors.ingest.app import IngestApp
from mana_errors.ingest.bearer import Bearer
from mana_errors.ingest.http import protocol_class
from mana_errors.ingest.identify import Known
from mana_errors.ingest.stamp import system_clock
from mana_errors.model.health import Check
from mana_errors.store.directory import DirectoryKeeper
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter

# SDKs flush every few seconds: keep their connections in between.
KEEP_ALIVE_S: Final = 30
# `serve` kills after 30 s; what is in flight has less.
DRAIN_S: Final = 20
# Connections waiting to be accepted while the loop is busy; Linux caps it at net.core.somaxconn.
BACKLOG: Final = 2048
# Open files of a worker that are no connections of clients: spool, database, loop, libraries.
SPARE_DESCRIPTORS: Final = 128


def main() -> None:
    """Serve the inherited socket until SIGTERM or until the parent is gone."""
    settings = load_settings()
    logs.setup(
        settings.log_level, settings.log_format, f"worker-{os.environ['MANA_ERRORS_WORKER']}"
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    """Ingest, API and pages until told to stop; the spool closes last, with all counts in it."""
    dsn = os.environ["MANA_ERRORS_DSN"]
    spool = SpoolWriter(
        settings.data_dir / "spool",
        SpoolLimits(settings.spool_max_bytes, settings.min_free_bytes),
    )
    keeper = DirectoryKeeper(dsn, settings.data_dir / "directory")
    bearer = Bearer(settings)
    known = Known(lambda: keeper.current, keeper.key_used, bearer.user)
    ingest = Ingest(spool, system_clock(settings.retention), settings, known)
    pages = build(settings, dsn, lambda: [_spool_check(spool), *ingest.guard.checks()])
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keeper.run(stopping))
        tasks.create_task(bearer.run(stopping))
        tasks.create_task(ingest.run(stopping))
        await _answer(ingest, pages, settings.max_connections)
        stopping.set()
    ingest.flush()
    await spool.close()
    await pages.close()
    logging.getLogger("mana_errors.cli.worker").info("worker left")


async def _answer(ingest: Ingest, pages: App, max_connections: int) -> None:
    """Serve the inherited socket until told to stop, and answer what is in work then."""
    _allow_descriptors(max_connections + SPARE_DESCRIPTORS)
    server = uvicorn.Server(_config(ingest, IngestApp(ingest, pages)))
    descriptors = os.environ["MANA_ERRORS_LISTEN_FDS"].split(",")
    listening = [socket.socket(fileno=int(descriptor)) for descriptor in descriptors]

    def leave() -> None:
        server.should_exit = True

    parent_gone(leave)
    await server.serve(sockets=listening)


def _allow_descriptors(wanted: int) -> None:
    """Raise the limit of open files, which is 1,024 by habit, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if soft != resource.RLIM_INFINITY and most < wanted:
        logging.getLogger("mana_errors.cli.worker").warning(
            "open files are limited", extra={"limit": most, "wanted": wanted}
        )


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
