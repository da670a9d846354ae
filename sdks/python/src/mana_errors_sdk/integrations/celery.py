"""Celery: each task has a scope; what fails it is reported by the process that ran it, and what
kills that process by the worker."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Callable, Final

from mana_errors_sdk.integrations.logging import ignore
from mana_errors_sdk.integrations.work import begin, end, flush, report, unhandled

MODULE: Final = "celery.signals"
# They say of a failed task what is reported here, that its process (of billiard, which uses the
# name of multiprocessing) died of it, and what it printed.
LOGGERS: Final = (
    "celery.app.trace",
    "celery.worker.request",
    "celery.redirected",
    "multiprocessing",
)
# Where the request of a task that runs keeps the token of its scope.
_SCOPE: Final = "_mana_errors_scope"
_MECHANISM: Final = unhandled("celery")


def install() -> Callable[[], None]:
    """All tasks of all apps of this process."""
    signals: Any = sys.modules[MODULE]
    receivers = (
        (signals.task_prerun, _begin),
        (signals.task_failure, _failed),
        (signals.task_internal_error, _failed),
        (signals.task_postrun, _end),
        # Children of the pool leave without what Python runs at exit.
        (signals.worker_process_shutdown, _flush),
    )
    for signal, receiver in receivers:
        signal.connect(receiver)
    ignore(LOGGERS)

    def uninstall() -> None:
        for signal, receiver in receivers:
            signal.disconnect(receiver)

    return uninstall


def _begin(task: Any, task_id: str, args: Any, kwargs: Any, **_other: Any) -> None:
    setattr(task.request, _SCOPE, begin(partial(_describe, task, task_id, args, kwargs)))


def _end(task: Any, **_other: Any) -> None:
    token = getattr(task.request, _SCOPE, None)
    if token is not None:
        end(token)


def _failed(
    sender: Any, task_id: str, exception: BaseException, args: Any, kwargs: Any, **_other: Any
) -> None:
    """In the worker there is no scope of the task. And the exception that comes with the signal is
    a stand-in where the real one cannot be pickled."""
    error = sys.exc_info()[1] or exception
    if isinstance(error, sender.throws):
        return
    token = begin(partial(_describe, sender, task_id, args, kwargs))
    report(error, _MECHANISM)
    end(token)


def _describe(task: Any, task_id: str, args: Any, kwargs: Any) -> dict[str, Any]:
    said = {"id": task_id, "args": args, "kwargs": kwargs, "retries": task.request.retries}
    return {"context": {"celery": said}, "payload": {"transaction": task.name}}


def _flush(**_other: Any) -> None:
    flush()
