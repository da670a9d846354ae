"""The native protocol's requests: one report, or a batch."""

from collections.abc import Sequence
from functools import partial

from mana_errors.errors import ManaError, ServerError, TooManyRequests
from mana_errors.ingest.answer import (
    Answer,
    ItemResult,
    batch_answer,
    filtered,
    note_unexpected,
    reason,
    refusal,
    stored,
)
from mana_errors.ingest.decode import decode_report, read_batch
from mana_errors.ingest.discarded import Discarded, read_discarded
from mana_errors.ingest.origins import HeaderList
from mana_errors.ingest.requests.request import Accepted, Draft, Filtered, Prepared, Refused


class NativeReport:
    """POST /api/v1/errors."""

    discarded: Sequence[Discarded] = ()
    dsn: str | None = None

    def __init__(self, body: bytes) -> None:
        self.drafts: Sequence[Draft] = (partial(decode_report, body),)

    def answer(self, items: Sequence[Prepared], cors: HeaderList) -> Answer:
        """201, or what is wrong with the report."""
        item = items[0]
        if isinstance(item, Accepted):
            return stored(item.id, cors)
        if isinstance(item, Filtered):
            return filtered(item.id, cors)
        return refusal(item.error, cors)


class NativeBatch:
    """POST /api/v1/errors/batch."""

    dsn: str | None = None

    def __init__(self, body: bytes) -> None:
        """Raises BadRequest, TooLarge."""
        batch = read_batch(body)
        self.drafts: Sequence[Draft] = [partial(decode_report, bytes(raw)) for raw in batch.errors]
        self.discarded: Sequence[Discarded] = read_discarded(batch.discarded)

    def answer(self, items: Sequence[Prepared], cors: HeaderList) -> Answer:
        """What became of each report; a refusal of all when none passed for want of room."""
        if (whole := limit_of_all(items)) is not None:
            return refusal(whole, cors)
        return batch_answer([_result(item) for item in items], cors, _wait(items))


def _wait(items: Sequence[Prepared]) -> int | None:
    """Seconds until those that found no room may come again; None if there are none."""
    errors = [item.error for item in items if isinstance(item, Refused)]
    waits = [e.retry_after_s for e in errors if isinstance(e, TooManyRequests | ServerError)]
    return max(waits, default=None)


def limit_of_all(items: Sequence[Prepared]) -> TooManyRequests | None:
    """Why a request is refused as a whole: nothing of it passed, for want of room."""
    limits: list[TooManyRequests] = []
    for item in items:
        if not isinstance(item, Refused):
            return None
        if isinstance(item.error, TooManyRequests):
            limits.append(item.error)
    return max(limits, key=lambda limit: limit.retry_after_s, default=None)


def _result(item: Prepared) -> ItemResult:
    if isinstance(item, Refused):
        if not isinstance(item.error, ManaError):
            note_unexpected(item.error)
        return ItemResult(success=False, error=reason(item.error))
    return ItemResult(success=True, id=item.id, filtered=isinstance(item, Filtered))
