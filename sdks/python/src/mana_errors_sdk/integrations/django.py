"""Django, on WSGI and ASGI."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Callable, Final, Optional

from mana_errors_sdk.integrations import asgi, wsgi
from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.logging import ignore
from mana_errors_sdk.integrations.request import SERVER_ERROR, Request

MODULE: Final = "django.core.handlers.base"
# They say of each answer from 500 on that there was one, mostly without its exception.
LOGGERS: Final = ("django.request", "django.server")


def install() -> Callable[[], None]:
    """Watch the handlers of both gateways."""
    base: Any = sys.modules[MODULE]
    hooks = Hooks()
    _watch(hooks)
    # The handlers' modules import this one, so they are complete when a handler gets ready.
    hooks.replace(base.BaseHandler, "load_middleware", lambda load: _loading(load, hooks))
    hooks.replace(base.BaseHandler, "resolve_request", _resolving)
    signal: Any = import_module("django.core.signals").got_request_exception
    signal.connect(_failed)
    ignore(LOGGERS)

    def uninstall() -> None:
        hooks.take_out()
        signal.disconnect(_failed)

    return uninstall


def _watch(hooks: Hooks) -> None:
    for name, kind, gateway in (("wsgi", "WSGIHandler", wsgi), ("asgi", "ASGIHandler", asgi)):
        handler = getattr(sys.modules.get(f"django.core.handlers.{name}"), kind, None)
        if handler is not None:
            hooks.replace(handler, "__call__", gateway.watching)


def _loading(load: Any, hooks: Hooks) -> Any:
    def load_middleware(self: Any, *args: Any, **options: Any) -> Any:
        _watch(hooks)
        return load(self, *args, **options)

    return load_middleware


def _resolving(resolve: Any) -> Any:
    def resolve_request(self: Any, request: Any) -> Any:
        match = resolve(self, request)
        _meet(request)
        return match

    return resolve_request


def watched_request(request: Any) -> Optional[Request]:
    """Django's request has the environ or the scope that it was made of."""
    environ: Any = getattr(request, "environ", None)
    scope: Any = getattr(request, "scope", None)
    return environ.get(wsgi.KEY) if environ is not None else scope and scope.get(asgi.KEY)


def _meet(request: Any) -> None:
    watched = watched_request(request)
    if watched is not None:
        match = request.resolver_match
        watched.found_route = match and match.route
        watched.found_user = lambda: _user(request)


def _user(request: Any) -> Optional[str]:
    """Only if the app has asked for it: looking now would be a query amid an error."""
    known: dict[str, Any] = request.__dict__
    user: Any = known.get("user")
    # of a SimpleLazyObject, which wraps a plain object() until somebody looks
    own: dict[str, Any] = getattr(user, "__dict__", {})
    user = own.get("_wrapped", user)
    if not hasattr(user, "pk"):
        user = known.get("_acached_user")
    return str(user.pk) if getattr(user, "is_authenticated", False) else None


def _failed(request: Any, **_other: Any) -> None:
    """An error that becomes a 500."""
    error, watched = sys.exc_info()[1], watched_request(request)
    if watched is not None and error is not None:
        _meet(request)
        watched.status = SERVER_ERROR
        watched.failed(error)
