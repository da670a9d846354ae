"""Log records: errors are reported, what came before becomes breadcrumbs."""

from __future__ import annotations

import logging
from typing import Any, Callable, Final, Iterable, Set

from mana_errors_sdk.api import current_client
from mana_errors_sdk.captured import Mechanism
from mana_errors_sdk.diagnostics import LOGGER
from mana_errors_sdk.fields import severity_of
from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.scope import current_scope
from mana_errors_sdk.values import text_of

MODULE: Final = "logging"
# Records from here on are reported, and from there on are breadcrumbs.
EVENT_LEVEL: Final = logging.ERROR
BREADCRUMB_LEVEL: Final = logging.INFO
_MECHANISM: Final = Mechanism("logging")
# Loggers whose errors another integration reports, from the exceptions themselves.
_reported_otherwise: Final[Set[str]] = set()


def ignore(loggers: Iterable[str]) -> None:
    """Report none of their records; they stay breadcrumbs."""
    _reported_otherwise.update(loggers)


def install() -> Callable[[], None]:
    """Listen to what loggers give to their handlers."""
    hooks = Hooks()
    hooks.replace(logging.Logger, "callHandlers", _listening)
    return hooks.take_out


def _listening(call: Any) -> Any:
    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        call(self, record)
        if record.name.partition(".")[0] != LOGGER:
            take(record)

    return call_handlers


def take(record: logging.LogRecord) -> None:
    """Report a record, or keep it as a breadcrumb."""
    client = current_client()
    if client is None or record.levelno < BREADCRUMB_LEVEL:
        return
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong format is logging's own to complain about
        message = text_of(record.msg)
    level = severity_of(record.levelname)
    if record.levelno < EVENT_LEVEL:
        current_scope().add_breadcrumb(message, record.name, level, "log", {})
        return
    if record.name in _reported_otherwise:
        return
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        client.capture_exception(
            error, {"severity": level, "context": {"log": message}}, _MECHANISM
        )
    else:
        client.capture(
            {
                "error_type": "Log",
                "error_code": record.name,
                "message": message,
                "severity": level,
                "payload": {"logger": record.name, "logEntry": {"template": text_of(record.msg)}},
            },
            _MECHANISM,
        )
