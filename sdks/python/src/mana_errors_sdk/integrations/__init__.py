"""What catches errors by itself. Each integration is one file here with

- `MODULE`: the module that it is for, or None when it belongs to Python itself;
- `install()`: hooks in, and returns what takes the hooks out again.

An integration is installed at init() if its module is imported already, else in the moment when it
is: nothing is imported that the program does not use, and the order of imports does not matter.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Callable, Final, Iterable, List, Mapping, Optional, Protocol, cast

from mana_errors_sdk.diagnostics import debug
from mana_errors_sdk.integrations.imports import ImportWatch

Uninstall = Callable[[], None]


class Integration(Protocol):
    """A file of this folder."""

    MODULE: Final[Optional[str]]

    def install(self) -> Uninstall:
        """Hook in."""
        ...


# File -> the module that it is for; None: Python itself.
INTEGRATIONS: Final[Mapping[str, Optional[str]]] = {
    "excepthook": None,
    "threads": None,
    "exit": None,
    "asyncio": "asyncio",
    "logging": "logging",
    "multiprocessing": "multiprocessing.process",
    # also FastAPI, which is built on it
    "starlette": "starlette.applications",
    "litestar": "litestar.app",
    "flask": "flask.app",
    "django": "django.core.handlers.base",
    "rest_framework": "rest_framework.views",
    "celery": "celery.signals",
    "rq": "rq.worker",
    "dramatiq": "dramatiq.broker",
    "aws_lambda": "awslambdaric.bootstrap",
}

_uninstalls: Final[List[Uninstall]] = []
_watch: Final = ImportWatch()


def install(disabled: Iterable[str]) -> None:
    """Install all integrations but the disabled ones, now or when their module is imported."""
    for name, module in INTEGRATIONS.items():
        if name in set(disabled):
            continue
        if module is None or module in sys.modules:
            _install_one(name)
        else:
            _watch.add(module, lambda name=name: _install_one(name))


def uninstall() -> None:
    """Take all hooks out, the last one first."""
    _watch.clear()
    while _uninstalls:
        _uninstalls.pop()()


def _install_one(name: str) -> None:
    try:
        integration = cast("Integration", import_module(f"{__name__}.{name}"))
        _uninstalls.append(integration.install())
    except Exception:  # noqa: BLE001 - a framework's new release must not break the program
        debug(f"the integration {name} could not be installed")
