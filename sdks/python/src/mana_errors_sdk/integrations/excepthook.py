"""Exceptions that end the program."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Callable, Final, Optional

from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.work import report, unhandled

MODULE: Final = None
_MECHANISM: Final = unhandled("excepthook")


def install() -> Callable[[], None]:
    """Stand in front of sys.excepthook."""
    hooks = Hooks()
    hooks.replace(sys, "excepthook", _reporting)
    return hooks.take_out


def _reporting(previous: Any) -> Any:
    def excepthook(
        kind: type[BaseException], error: BaseException, traceback: Optional[TracebackType]
    ) -> None:
        # Not KeyboardInterrupt: somebody wanted the program to end.
        if isinstance(error, Exception):
            report(error, _MECHANISM)
        previous(kind, error, traceback)

    return excepthook
