"""Reports the errors of a Python program to Mana Errors, and is never in its way.

The path of an error:

1. `api` is called by the program, or an integration (`integrations/`) catches an exception.
2. `client` decides whether it is wanted, and `snapshot` copies what may change: types, messages,
   code objects and line numbers, the `scope` with user, tags and breadcrumbs. That is all that
   happens in the program's own threads.
3. `worker` takes it from a bounded queue and lets `prepare` make a report of it: `report` with
   `frames` and `text`, the program's before_send, `scrub`, JSON.
4. The report waits in the `backlog`, in memory or on disk (`spool`), until `delivery` has sent it
   through `transport` and the server's answer (`verdict`) says that it is stored.
5. What is not sent is counted by reason (`drops`), and the server hears of it.
"""

from mana_errors_sdk.api import (
    add_breadcrumb,
    capture_exception,
    capture_message,
    close,
    flush,
    init,
    report_error,
    set_context,
    set_tag,
    set_user,
)
from mana_errors_sdk.scope import Scope, new_scope
from mana_errors_sdk.version import __version__

__all__ = [
    "Scope",
    "__version__",
    "add_breadcrumb",
    "capture_exception",
    "capture_message",
    "close",
    "flush",
    "init",
    "new_scope",
    "report_error",
    "set_context",
    "set_tag",
    "set_user",
]
