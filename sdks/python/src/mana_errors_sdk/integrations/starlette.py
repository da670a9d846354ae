"""Starlette, and FastAPI, which is built on it."""

from __future__ import annotations

import sys
from inspect import iscoroutinefunction
from typing import Any, Callable, Final

from mana_errors_sdk.integrations import asgi
from mana_errors_sdk.integrations.hooks import Hooks

MODULE: Final = "starlette.applications"

Handler = Callable[[Any, Exception], Any]


def install() -> Callable[[], None]:
    """Watch every application, and what its exception handlers make answers of."""
    applications: Any = sys.modules[MODULE]
    hooks = Hooks()
    hooks.replace(applications.Starlette, "__call__", asgi.watching)
    middleware = applications.ExceptionMiddleware
    hooks.replace(middleware, "add_exception_handler", _adding)
    hooks.replace(middleware, "http_exception", _answering)
    return hooks.take_out


def _adding(add: Any) -> Any:
    def add_exception_handler(self: Any, error_or_status: Any, handler: Handler) -> None:
        add(self, error_or_status, _noting(handler))

    return add_exception_handler


def _answering(answer: Any) -> Any:
    async def http_exception(self: Any, request: Any, error: Exception) -> Any:
        asgi.noted(request.scope, error)
        return await answer(self, request, error)

    return http_exception


def _noting(handler: Handler) -> Handler:
    """Starlette runs functions in a thread and coroutines in the loop: it stays what it was."""

    async def noting_coroutine(connection: Any, error: Exception) -> Any:
        asgi.noted(connection.scope, error)
        return await handler(connection, error)

    def noting_function(connection: Any, error: Exception) -> Any:
        asgi.noted(connection.scope, error)
        return handler(connection, error)

    method: object = getattr(handler, "__call__", None)  # noqa: B004 - of an object, maybe async
    is_async = iscoroutinefunction(handler) or iscoroutinefunction(method)
    return noting_coroutine if is_async else noting_function
