"""Django REST framework: what it makes answers of never reaches Django as an error."""

from __future__ import annotations

import sys
from typing import Any, Callable, Final

from mana_errors_sdk.integrations.django import watched_request
from mana_errors_sdk.integrations.hooks import Hooks

MODULE: Final = "rest_framework.views"


def install() -> Callable[[], None]:
    """All views."""
    views: Any = sys.modules[MODULE]
    hooks = Hooks()
    hooks.replace(views.APIView, "handle_exception", _handling)
    return hooks.take_out


def _handling(handle: Any) -> Any:
    def handle_exception(self: Any, error: Exception) -> Any:
        watched = watched_request(self.request)
        if watched is not None:
            watched.failure = error
        return handle(self, error)

    return handle_exception
