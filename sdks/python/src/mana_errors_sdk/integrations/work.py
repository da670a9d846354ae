"""What integrations do with a request, task or job: give it a scope, and report what fails it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token as ContextToken
from typing import Callable, Final, Optional

from mana_errors_sdk.api import current_client, flush
from mana_errors_sdk.captured import Mechanism
from mana_errors_sdk.scope import Scope, current_scope, enter_scope, leave_scope

__all__ = ["Mechanism", "Token", "begin", "end", "flush", "report", "unhandled"]

Token = ContextToken[Optional[Scope]]
Describe = Callable[[], Mapping[str, object]]
end: Final = leave_scope


class Job(Scope):
    """The scope of a task, a job or a call."""

    def __init__(self, describe: Describe) -> None:
        super().__init__(current_scope())
        self._describe = describe

    def describe(self) -> Mapping[str, object]:
        """As its integration says."""
        return self._describe()


def begin(describe: Describe) -> Token:
    """Open a scope; describe tells what is being served, if something is captured."""
    return enter_scope(Job(describe))


def report(error: BaseException, mechanism: Mechanism) -> None:
    """Capture what nobody else did."""
    client = current_client()
    if client is not None:
        client.capture_exception(error, {}, mechanism)


def unhandled(integration: str) -> Mechanism:
    """Of an integration's reports."""
    return Mechanism(integration, handled=False)
