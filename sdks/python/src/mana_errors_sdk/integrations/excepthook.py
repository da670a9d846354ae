"""Exceptions that end the program."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Callable, Final, Optional

from mana_errors_sdk.api import current_client
from mana_errors_sdk.captured import Mechanism

MODULE: Final = None
_MECHANISM: Final = Mechanism("excepthook", handled=False)


def install() -> Callable[[], None]:
    """Stand in front of sys.excepthook."""
    previous = sys.excepthook

    def report(
        kind: type[BaseException], error: BaseException, traceback: Optional[TracebackType]
    ) -> None:
        client = current_client()
        # Not KeyboardInterrupt: somebody wanted the program to end.
        if client is not None and isinstance(error, Exception):
            client.capture_exception(error, {}, _MECHANISM)
        previous(kind, error, traceback)

    sys.excepthook = report

    def uninstall() -> None:
        # Somebody may have come behind us, and calls us: then we stay, and do nothing.
        if sys.excepthook is report:
            sys.excepthook = previous

    return uninstall
