"""The process that sends alerts. Started by `serve`."""

import asyncio
import logging
import os
import signal
from typing import Final

import uvloop

from mana_errors import logs
from mana_errors.alerts import weekly
from mana_errors.alerts.run import Deliverer
from mana_errors.cli.parent import parent_gone
from mana_errors.config import Settings, load_settings
from mana_errors.store.reader import Reader

_log: Final = logging.getLogger("mana_errors.cli.deliver")


def main() -> None:
    """Send until SIGTERM or until the parent is gone; then end what is being sent."""
    settings = load_settings()
    logs.setup(settings.log_level, settings.log_format, "alerts")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, os.environ["MANA_ERRORS_DSN"]))


async def _run(settings: Settings, dsn: str) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    # A terminal's Ctrl-C reaches us too; `serve` says when it is our turn.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    parent_gone(stopping.set)
    reader = Reader(dsn)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(weekly.run(reader, settings, stopping))
            await Deliverer(reader, settings).run(stopping)
    finally:
        await reader.close()
    _log.info("alerts left")


if __name__ == "__main__":
    main()
