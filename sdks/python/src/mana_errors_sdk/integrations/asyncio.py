"""Exceptions that nobody awaited: what asyncio hands to a loop's exception handler."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, Final

from mana_errors_sdk.api import current_client
from mana_errors_sdk.captured import Mechanism

MODULE: Final = "asyncio"
_MECHANISM: Final = Mechanism("asyncio", handled=False)


def install() -> Callable[[], None]:
    """Stand in front of every loop's call_exception_handler."""
    loops = asyncio.BaseEventLoop
    previous = loops.call_exception_handler

    def report(self: asyncio.BaseEventLoop, context: Dict[str, Any]) -> None:
        client = current_client()
        error = context.get("exception")
        if client is not None and isinstance(error, Exception):
            client.capture_exception(error, {}, _MECHANISM)
        previous(self, context)

    loops.call_exception_handler = report  # type: ignore[method-assign]

    def uninstall() -> None:
        if loops.call_exception_handler is report:
            loops.call_exception_handler = previous  # type: ignore[method-assign]

    return uninstall
