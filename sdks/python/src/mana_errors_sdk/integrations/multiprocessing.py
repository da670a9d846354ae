"""multiprocessing: what ends a child process is reported; it does not reach sys.excepthook."""

from __future__ import annotations

import sys
from typing import Any, Callable, Final

from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.work import flush, report, unhandled

MODULE: Final = "multiprocessing.process"
_MECHANISM: Final = unhandled("multiprocessing")


def install() -> Callable[[], None]:
    """All kinds of processes, however they are started."""
    process: Any = sys.modules[MODULE]
    hooks = Hooks()
    hooks.replace(process.BaseProcess, "_bootstrap", _bootstrapping)
    return hooks.take_out


def _bootstrapping(bootstrap: Any) -> Any:
    def bootstrap_watched(self: Any, *args: Any, **options: Any) -> Any:
        self.run = _reporting(self.run)
        try:
            return bootstrap(self, *args, **options)
        finally:
            # os._exit() comes next, without what Python runs at exit
            flush()

    return bootstrap_watched


def _reporting(run: Callable[[], None]) -> Callable[[], None]:
    def run_reporting() -> None:
        try:
            run()
        except Exception as error:
            report(error, _MECHANISM)
            raise

    return run_reporting
