"""Notices that `serve` is gone: its end of a pipe closes, however it died."""

import asyncio
import os
from collections.abc import Callable


def parent_gone(leave: Callable[[], None]) -> None:
    """Call `leave` once the process that started this one no longer runs."""
    descriptor = int(os.environ["MANA_ERRORS_PARENT_FD"])
    loop = asyncio.get_running_loop()

    def on_end() -> None:
        loop.remove_reader(descriptor)
        leave()

    loop.add_reader(descriptor, on_end)
