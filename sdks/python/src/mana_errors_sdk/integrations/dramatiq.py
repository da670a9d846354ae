"""Dramatiq: each message has a scope, and each attempt that fails is reported."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Callable, Final, Optional

from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.logging import ignore
from mana_errors_sdk.integrations.work import Token, begin, end, flush, report, unhandled

MODULE: Final = "dramatiq.broker"
# What it logs of attempts that failed is reported from the exceptions themselves.
LOGGERS: Final = ("dramatiq.worker.WorkerThread",)
# Attribute of a message that is processed: the token of its scope.
_SCOPE: Final = "_mana_errors_scope"
_MECHANISM: Final = unhandled("dramatiq")


def install() -> Callable[[], None]:
    """All brokers that are made from now on."""
    broker: Any = sys.modules[MODULE]
    ignore(LOGGERS)
    hooks = Hooks()
    hooks.replace(broker.Broker, "__init__", _initialising)
    return hooks.take_out


def _initialising(init: Any) -> Any:
    # its base comes from a module that only the program may import
    base: Any = sys.modules[MODULE].Middleware  # type: ignore[attr-defined]
    middleware = type("ManaErrorsMiddleware", (_Hooks, base), {})

    def init_watched(self: Any, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        self.add_middleware(middleware())

    return init_watched


class _Hooks:
    """Of dramatiq.Middleware."""

    def before_process_message(self, _broker: Any, message: Any) -> None:
        """An attempt begins."""
        setattr(message, _SCOPE, begin(partial(_describe, message)))

    def after_process_message(
        self,
        broker: Any,
        message: Any,
        *,
        result: Any = None,  # noqa: ARG002 - given by name
        exception: Optional[BaseException] = None,
    ) -> None:
        """It ended. What asks for another attempt, or was announced as harmless, is no error."""
        if exception is not None and not _is_expected(broker, message, exception):
            report(exception, _MECHANISM)
        self._end(message)

    def after_skip_message(self, _broker: Any, message: Any) -> None:
        """Another middleware did not want it to be processed."""
        self._end(message)

    def _end(self, message: Any) -> None:
        token: Optional[Token] = getattr(message, _SCOPE, None)
        if token is not None:
            end(token)

    def after_worker_shutdown(self, _broker: Any, _worker: Any) -> None:
        """Worker processes leave without what Python runs at exit."""
        flush()


def _is_expected(broker: Any, message: Any, error: BaseException) -> bool:
    errors: Any = sys.modules["dramatiq.errors"]
    actor = broker.actors.get(message.actor_name)
    throws = message.options.get("throws") or (actor and actor.options.get("throws")) or ()
    return isinstance(error, (errors.Retry, errors.RateLimitExceeded)) or isinstance(error, throws)  # noqa: SIM101 - throws may be one class or several


def _describe(message: Any) -> dict[str, Any]:
    said = {
        "id": message.message_id,
        "queue": message.queue_name,
        "args": message.args,
        "kwargs": message.kwargs,
        "retries": message.options.get("retries", 0),
    }
    return {"context": {"dramatiq": said}, "payload": {"transaction": message.actor_name}}
