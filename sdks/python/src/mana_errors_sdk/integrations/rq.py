"""RQ: each job has a scope, and is reported before the process that ran it is gone."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Callable, Final

from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.logging import ignore
from mana_errors_sdk.integrations.work import begin, end, flush, report, unhandled

MODULE: Final = "rq.worker"
# It logs each failed job with the traceback as text.
LOGGERS: Final = ("rq.worker",)
_MECHANISM: Final = unhandled("rq")


def install() -> Callable[[], None]:
    """All kinds of workers."""
    worker: Any = sys.modules[MODULE]
    hooks = Hooks()
    kind = getattr(worker, "BaseWorker", worker.Worker)
    # before RQ 2 the base class knows nothing of jobs
    kind = kind if hasattr(kind, "perform_job") else worker.Worker
    hooks.replace(kind, "perform_job", _performing)
    hooks.replace(kind, "handle_exception", _handling)
    ignore(LOGGERS)
    return hooks.take_out


def _performing(perform: Any) -> Any:
    def perform_job(self: Any, job: Any, *rest: Any, **options: Any) -> Any:
        token = begin(partial(_describe, job))
        try:
            return perform(self, job, *rest, **options)
        finally:
            end(token)
            # A work horse ends with os._exit(), without what Python runs at exit.
            if self.is_horse:
                flush()

    return perform_job


def _handling(handle: Any) -> Any:
    def handle_exception(self: Any, job: Any, *error: Any) -> Any:
        # The scope of perform_job is not there if this very job was what imported the SDK.
        token = begin(partial(_describe, job))
        report(error[1], _MECHANISM)
        end(token)
        if self.is_horse:
            flush()
        return handle(self, job, *error)

    return handle_exception


def _describe(job: Any) -> dict[str, Any]:
    said = {"id": job.id, "queue": job.origin, "args": job.args, "kwargs": job.kwargs}
    return {"context": {"rq": said}, "payload": {"transaction": job.func_name}}
