"""Litestar."""

from __future__ import annotations

import sys
from typing import Any, Callable, Final

from mana_errors_sdk.integrations import asgi
from mana_errors_sdk.integrations.hooks import Hooks

MODULE: Final = "litestar.app"


def install() -> Callable[[], None]:
    """Watch every application, and what its exception handlers make answers of."""
    app: Any = sys.modules[MODULE]
    hooks = Hooks()
    hooks.replace(app.Litestar, "__call__", asgi.watching)
    hooks.replace(app.Litestar, "__init__", _initialising)
    return hooks.take_out


def _initialising(init: Any) -> Any:
    def init_noting(self: Any, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        self.after_exception.append(_note)

    return init_noting


async def _note(error: Exception, scope: asgi.AsgiScope) -> None:
    asgi.noted(scope, error)
