"""Exceptions that end a thread."""

from __future__ import annotations

import threading
from typing import Any, Callable, Final

from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.work import report, unhandled

MODULE: Final = None
_MECHANISM: Final = unhandled("threading")


def install() -> Callable[[], None]:
    """Stand in front of threading.excepthook."""
    hooks = Hooks()
    hooks.replace(threading, "excepthook", _reporting)
    return hooks.take_out


def _reporting(previous: Any) -> Any:
    def excepthook(args: threading.ExceptHookArgs) -> None:
        if isinstance(args.exc_value, Exception):
            report(args.exc_value, _MECHANISM)
        previous(args)

    return excepthook
