"""What clients say they did not send: Sentry's client reports, and `discarded` in our batches."""

from typing import Any, Final, cast

import msgspec

from mana_errors.ingest.report import AppId
from mana_errors.model.outcome import Outcome

MAX_ENTRIES: Final = 200
# Of one entry: a client that claims more counts wrong, and sums must fit a bigint.
MAX_QUANTITY: Final = 10**9
# Why a client does not send what its app does not want sent; all other reasons are losses.
_UNWANTED: Final = frozenset({"sample_rate", "before_send", "event_processor", "ignored"})
_EVENT_CATEGORIES: Final = frozenset({"default", "error", "security"})


class Discarded(msgspec.Struct, frozen=True, rename="camel"):
    """How many events a client did not send, and why."""

    reason: str
    quantity: float
    # of Sentry's; ours are all errors
    category: str = "error"
    # of our batches, whose head may name no app
    app_id: AppId = ""

    @property
    def outcome(self) -> Outcome:
        """The ledger's word."""
        return Outcome.CLIENT_FILTERED if self.reason in _UNWANTED else Outcome.CLIENT_LOST


def read_discarded(entries: Any) -> list[Discarded]:
    """The entries about events; what makes no sense is left out."""
    if not isinstance(entries, list):
        return []
    found = map(_read, cast("list[Any]", entries)[:MAX_ENTRIES])
    return [entry for entry in found if entry and entry.category in _EVENT_CATEGORIES]


def _read(entry: Any) -> Discarded | None:
    try:
        read = msgspec.convert(entry, Discarded)
    except msgspec.ValidationError:
        return None
    return read if 1 <= read.quantity <= MAX_QUANTITY else None
