"""Says in the database how this node is doing, for the page about the system."""

import asyncio
import contextlib
import logging
import shutil
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from mana_errors import __version__, meters
from mana_errors.digest.run import Waiting
from mana_errors.store import db, system
from mana_errors.store.node import node_id
from mana_errors.store.spool.writer import spool_bytes
from mana_errors.store.system import Node

# Who reloads a page to see whether it gets better waits about as long.
INTERVAL_S: Final = 5.0

_log: Final = logging.getLogger(__name__)


async def report(
    data_dir: Path,
    waiting: Callable[[], Waiting],
    connect: Callable[[], Awaitable[db.Connection]],
    stopping: asyncio.Event,
) -> None:
    """Do so until told to stop. Outlives the database's absences."""
    connection: db.Connection | None = None
    while not stopping.is_set():
        try:
            if connection is None or connection.is_closed():
                connection = await connect()
            await system.note_node(connection, _node(data_dir, waiting()))
        except db.PASSING as error:
            meters.database_failures.labels("node").inc()
            _log.debug("the node's state is not written down: %s", error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), INTERVAL_S)
    if connection is not None:
        connection.terminate()


def _node(data_dir: Path, waiting: Waiting) -> Node:
    disk = shutil.disk_usage(data_dir)
    return Node(
        id=node_id(data_dir),
        name=socket.gethostname(),
        version=__version__,
        spool_bytes=spool_bytes(data_dir / "spool"),
        waiting_bytes=waiting.bytes,
        waiting_since=waiting.oldest,
        dead_letters=sum(1 for _ in (data_dir / "dead-letters").glob("*")),
        disk_free=disk.free,
        disk_total=disk.total,
    )
