"""Exceptions that end a thread."""

from __future__ import annotations

import threading
from typing import Callable, Final

from mana_errors_sdk.api import current_client
from mana_errors_sdk.captured import Mechanism

MODULE: Final = None
_MECHANISM: Final = Mechanism("threading", handled=False)


def install() -> Callable[[], None]:
    """Stand in front of threading.excepthook."""
    previous = threading.excepthook

    def report(args: threading.ExceptHookArgs) -> None:
        client = current_client()
        if client is not None and isinstance(args.exc_value, Exception):
            client.capture_exception(args.exc_value, {}, _MECHANISM)
        previous(args)

    threading.excepthook = report

    def uninstall() -> None:
        if threading.excepthook is report:
            threading.excepthook = previous

    return uninstall
