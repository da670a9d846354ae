"""Exceptions that nobody awaited: what asyncio hands to a loop's exception handler."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, Final

from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.work import report, unhandled

MODULE: Final = "asyncio"
_MECHANISM: Final = unhandled("asyncio")


def install() -> Callable[[], None]:
    """Stand in front of every loop's call_exception_handler."""
    hooks = Hooks()
    hooks.replace(asyncio.BaseEventLoop, "call_exception_handler", _reporting)
    return hooks.take_out


def _reporting(previous: Any) -> Any:
    def call_exception_handler(self: asyncio.BaseEventLoop, context: Dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            report(error, _MECHANISM)
        previous(self, context)

    return call_exception_handler
