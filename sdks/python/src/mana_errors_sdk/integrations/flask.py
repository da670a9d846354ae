"""Flask."""

from __future__ import annotations

import sys
from typing import Any, Callable, Final, Optional

from mana_errors_sdk.integrations import wsgi
from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.request import SERVER_ERROR

MODULE: Final = "flask.app"


def install() -> Callable[[], None]:
    """Watch every application, and what its error handlers make answers of."""
    app: Any = sys.modules[MODULE]
    hooks = Hooks()
    hooks.replace(app.Flask, "__call__", wsgi.watching)
    hooks.replace(app.Flask, "handle_user_exception", _handling)
    app.request_started.connect(_started)
    app.got_request_exception.connect(_failed)

    def uninstall() -> None:
        hooks.take_out()
        app.request_started.disconnect(_started)
        app.got_request_exception.disconnect(_failed)

    return uninstall


def _handling(handle: Any) -> Any:
    def handle_user_exception(self: Any, error: Exception) -> Any:
        request = _request()
        if request is not None:
            request.failure = error
        return handle(self, error)

    return handle_user_exception


def _request() -> Optional[wsgi.WsgiRequest]:
    """The one that is served; not of test_request_context()."""
    request: Any = sys.modules[MODULE].request
    return request.environ.get(wsgi.KEY)


def _started(_app: Any, **_other: Any) -> None:
    watched = _request()
    if watched is not None:
        app: Any = sys.modules[MODULE]
        rule, kept = app.request.url_rule, app.g._get_current_object()  # noqa: SLF001 - documented
        watched.found_route = rule and rule.rule
        # where Flask-Login keeps whom it has loaded
        watched.found_user = lambda: kept.get("_login_user")


def _failed(_app: Any, exception: BaseException, **_other: Any) -> None:
    """An error that no handler took. Extensions send this signal of a 404, too."""
    request, code = _request(), getattr(exception, "code", None)
    if request is not None and not (isinstance(code, int) and code < SERVER_ERROR):
        request.status = SERVER_ERROR
        request.failed(exception)
