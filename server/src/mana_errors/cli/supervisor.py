"""The server's first process: owns data directory and socket, and keeps everything else running.

Runs as `python -m mana_errors.cli.supervisor`, with its settings in the environment. It lives as
long as the server and does little, so it imports little: the standard library and no event loop.
"""

import logging
import os
import shutil
import sys
import time
from dataclasses import replace
from typing import Final

from mana_errors import logs
from mana_errors.cli import datadir, greeting, listening
from mana_errors.cli.children import Child, stop
from mana_errors.cli.keeper import Keeper
from mana_errors.cli.signals import Signals
from mana_errors.config import Settings, load_settings, to_environ
from mana_errors.errors import OperatorError
from mana_errors.store.embedded import EmbeddedPostgres
from mana_errors.store.node import node_id

# Each child drains within its own, shorter limit; orchestrators kill after 30 s to 90 s.
STOP_LIMIT_S: Final = 30.0

_log: Final = logging.getLogger("mana_errors.cli.supervisor")


def main() -> int:
    """Serve; exit status."""
    settings = load_settings()
    logs.setup(settings.log_level, settings.log_format, "serve")
    try:
        serve(settings)
    except OperatorError as error:
        sys.stderr.write(f"mana-errors: {error}\n")
        return error.exit_status
    return 0


def serve(settings: Settings) -> None:
    """A server's life, step by step."""
    signals = Signals()
    with datadir.own(settings.data_dir) as held:
        # 1. What the children share: node id, socket, metrics, a pipe that tells them we live
        node_id(settings.data_dir)
        listeners = listening.listen(settings.host, settings.port)
        settings = replace(settings, port=listeners[0].getsockname()[1])
        held.announce(settings.address)
        alive_read, alive_write = os.pipe()
        postgres = EmbeddedPostgres(settings.data_dir)
        environ = _child_environ(settings, settings.database_url or postgres.dsn, alive_read)
        # 2. Workers accept before PostgreSQL is up: reports wait in the spool
        inherited = (held.children_lock, alive_read)
        sockets = tuple(listener.fileno() for listener in listeners)
        workers = [_worker(n, environ, sockets, inherited) for n in range(settings.workers)]
        background = Child("background", "mana_errors.cli.background", environ, inherited)
        alerts = Child("alerts", "mana_errors.cli.deliver", environ, inherited)
        keeper = None if settings.database_url else Keeper(postgres, signals.wake)
        if keeper:
            keeper.start()
        greeting.when_live(settings)
        # 3. Until told to stop
        _tend([*workers, background, alerts], signals, keeper)
        # 4. Refuse and drain, digest what is drained, end what is sent, then PostgreSQL
        _log.info("stopping")
        for listener in listeners:
            listener.close()
        stop(workers, STOP_LIMIT_S, signals)
        stop([background], STOP_LIMIT_S, signals)
        stop([alerts], STOP_LIMIT_S, signals)
        os.close(alive_write)
        if keeper:
            keeper.stop(hard=signals.hurry)
            if keeper.failure:
                raise keeper.failure


def _tend(children: list[Child], signals: Signals, keeper: Keeper | None) -> None:
    while not signals.stop and not (keeper and keeper.failure):
        now = time.monotonic()
        due = [wait for child in children if (wait := child.tend(now)) is not None]
        signals.wait(min(due, default=None))


def _worker(
    number: int, environ: dict[str, str], sockets: tuple[int, ...], inherited: tuple[int, ...]
) -> Child:
    own = {"MANA_ERRORS_WORKER": str(number), "MANA_ERRORS_LISTEN_FDS": ",".join(map(str, sockets))}
    name = f"worker-{number}"
    return Child(name, "mana_errors.cli.worker", environ | own, (*inherited, *sockets))


def _child_environ(settings: Settings, dsn: str, alive: int) -> dict[str, str]:
    metrics = settings.data_dir / "run" / "metrics"
    # counters of processes that are gone would be added to the new ones
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700, parents=True)
    return {
        **os.environ,
        **to_environ(settings),
        "MANA_ERRORS_DSN": dsn,
        "MANA_ERRORS_PARENT_FD": str(alive),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


if __name__ == "__main__":
    sys.exit(main())
