"""What waits in the queue: everything that the worker needs to make a report."""

from __future__ import annotations

from typing import NamedTuple, Optional

from mana_errors_sdk.scope import ScopeState
from mana_errors_sdk.snapshot import Raised
from mana_errors_sdk.values import JsonObject


class Mechanism(NamedTuple):
    """How an error got here."""

    # what caught it: "generic" for the program itself, else an integration
    type: str = "generic"
    # False: nobody expected it
    handled: bool = True


class Captured(NamedTuple):
    """An error as it was when it happened."""

    id: str
    millis: int
    # fields of the contract (camelCase), which beat what is derived
    fields: JsonObject
    scope: ScopeState
    mechanism: Mechanism
    raised: Optional[Raised]
