"""The native protocol between transport and spool: body in, answer out.

Ingest._prepare() is the list of stages that a report passes before its 201.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.errors import ManaError, Overloaded, SpoolUnavailable, TooManyRequests
from mana_errors.ingest.answer import (
    Answer,
    ItemResult,
    batch_answer,
    filtered,
    note_unexpected,
    preflight,
    reason,
    refusal,
    stored,
)
from mana_errors.ingest.cut import cut
from mana_errors.ingest.decode import (
    MAX_BATCH_BYTES,
    MAX_REPORT_BYTES,
    decode_report,
    split_batch,
    tidy,
)
from mana_errors.ingest.filter import FilterSet
from mana_errors.ingest.guard import Guard
from mana_errors.ingest.identify import Identify, Known, Sender
from mana_errors.ingest.limit import Limits
from mana_errors.ingest.origins import ANY_ORIGIN, HeaderList, cors_headers
from mana_errors.ingest.quota import Quotas
from mana_errors.ingest.receive import Headers, check_head, decode_body
from mana_errors.ingest.scrub import scrub
from mana_errors.ingest.stamp import Clock, stamp
from mana_errors.ingest.tally import Tally, outcome_of
from mana_errors.model.event import Event
from mana_errors.model.outcome import Outcome
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.writer import SpoolWriter

REPORT_PATH: Final = "/api/v1/errors"
BATCH_PATH: Final = "/api/v1/errors/batch"
# CPU time that one batch may take from all other clients of the worker. A thousand honest reports
# of 10 KB take 200 ms.
BATCH_BUDGET_S: Final = 0.5


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An event that is ready for the spool."""

    app_id: str
    id: str
    payload: bytes


class Filtered(msgspec.Struct, frozen=True, gc=False):
    """An event that its app does not want."""

    app_id: str
    id: str


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A report that ends here, and why. The app is as far as it is known."""

    app_id: str
    error: Exception


Prepared = Accepted | Filtered | Refused
Reply = Callable[[Answer], None]


class Ingest:
    """Accepts reports into a spool. Transports bring bytes and carry answers away."""

    def __init__(
        self,
        spool: SpoolWriter,
        clock: Clock,
        settings: Settings | None = None,
        known: Known | None = None,
    ) -> None:
        """Without settings: the defaults. known: apps, keys and users; by default nobody."""
        settings, known = settings or Settings(), known or Known()
        self._spool = spool
        self._clock = clock
        self._known = known
        self.guard = Guard(settings)
        self._identify = Identify(known, settings)
        self._limits = Limits(settings)
        self._quotas = Quotas(settings, clock.now)
        self._filters = FilterSet()
        self._tally = Tally(spool, known.directory, clock.now)

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the ledger fresh until told to stop."""
        await self._tally.run(stopping)

    def flush(self) -> None:
        """Hand what is counted to the spool, before it closes."""
        self._tally.flush()

    @staticmethod
    def limit(*, batch: bool) -> int:
        """Most bytes of a body, before and after decompression."""
        return MAX_BATCH_BYTES if batch else MAX_REPORT_BYTES

    def meet(self, headers: Headers, query: bytes, host: str | None) -> Sender:
        """Who sends a request; host is the connection's other end. Never raises."""
        return self._identify.meet(headers, query, host)

    def preflight(self, sender: Sender) -> Answer:
        """The answer to OPTIONS and HEAD."""
        return preflight(self._cors(sender))

    def check(self, sender: Sender, *, batch: bool) -> None:
        """Refuse what can be refused before a byte of the body is read."""
        if (full := self._spool.refusal()) is not None:
            raise SpoolUnavailable(full)
        self.guard.check_memory()
        self._limits.take_request(sender.address.bucket)
        self._identify.check(sender)
        check_head(sender.headers, self.limit(batch=batch))

    def refuse(self, error: Exception, sender: Sender | None = None) -> Answer:
        """The answer to a request that ends with this; counted as one event, however many are in
        the body that was not read."""
        if sender is None:
            self._tally.refused("", outcome_of(error))
            return refusal(error)
        self._tally.refused(sender.named, outcome_of(error))
        return refusal(error, self._cors(sender))

    def accept(self, sender: Sender, body: bytes, reply: Reply, *, batch: bool) -> None:
        """The path of events before their 201: `reply` is called with the answer once it is true,
        that is, after the fsync. Never raises."""
        try:
            raw = decode_body(sender.headers, body, self.limit(batch=batch))
            self._identify.find_user(sender)
            items = split_batch(raw) if batch else None
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            reply(self.refuse(error, sender))
            return
        if items is None:
            self._accept_one(raw, sender, reply)
        else:
            self._accept_batch(items, sender, reply)

    def _accept_one(self, raw: bytes, sender: Sender, reply: Reply) -> None:
        item = self._prepare(raw, sender, 0)
        cors = self._cors(sender)
        if isinstance(item, Accepted):
            self._append([item], stored(item.id, cors), sender, reply)
            return
        self._count(item)
        if isinstance(item, Filtered):
            reply(filtered(item.id, cors))
        else:
            reply(refusal(item.error, cors))

    def _accept_batch(self, raws: list[bytes], sender: Sender, reply: Reply) -> None:
        items = self._prepare_all(raws, sender)
        cors = self._cors(sender)
        accepted = [item for item in items if isinstance(item, Accepted)]
        for item in items:
            if not isinstance(item, Accepted):
                self._count(item)
        if (whole := _limit_of_all(items)) is not None:
            reply(refusal(whole, cors))
            return
        answer = batch_answer([_result(item) for item in items], cors)
        if accepted:
            self._append(accepted, answer, sender, reply)
        else:
            reply(answer)

    def _prepare_all(self, raws: list[bytes], sender: Sender) -> list[Prepared]:
        items: list[Prepared] = []
        deadline = time.thread_time() + BATCH_BUDGET_S
        for index, raw in enumerate(raws):
            if time.thread_time() < deadline:
                items.append(self._prepare(raw, sender, index))
            else:
                meters.protected.labels("budget").inc()
                late = Overloaded("the batch took too long until here: send the rest again")
                items.append(Refused(sender.named, late))
        return items

    def _prepare(self, raw: bytes, sender: Sender, index: int) -> Prepared:
        """The stages of one report, in order. One bad report never costs the others of a batch, so
        what is wrong is a result and no exception."""
        app_id = sender.named
        try:
            report = decode_report(raw)
            app_id = report.app_id or app_id
            app = self._identify.app_of(report, sender)
            app_id = app.id
            self._limits.take_event(app, sender.key)
            self._quotas.take_event(app, report)
            event = stamp(report, app_id, sender, self._clock, index)
            if self._filters.unwanted(event, app, sender.address):
                return Filtered(app_id, str(event.id))
            event = cut(scrub(event))
            return Accepted(app_id, str(event.id), _encode(event))
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            return Refused(app_id, error)

    def _append(
        self, accepted: list[Accepted], answer: Answer, sender: Sender, reply: Reply
    ) -> None:
        def done(failure: SpoolUnavailable | None) -> None:
            if failure is None:
                self._tally.accepted(len(accepted))
                reply(answer)
                return
            for item in accepted:
                self._tally.refused(item.app_id, Outcome.UNAVAILABLE)
            reply(refusal(failure, self._cors(sender)))

        self._spool.append([item.payload for item in accepted], done)

    def _count(self, item: Filtered | Refused) -> None:
        is_filtered = isinstance(item, Filtered)
        outcome = Outcome.FILTERED if is_filtered else outcome_of(item.error)
        self._tally.refused(item.app_id, outcome)

    def _cors(self, sender: Sender) -> HeaderList:
        if sender.origin is None:
            return ANY_ORIGIN
        app = sender.key_app or self._known.directory().apps.get(sender.app_id or "")
        return cors_headers(sender.origin, app.settings.allowed_origins) if app else ANY_ORIGIN


def _encode(event: Event) -> bytes:
    try:
        return encode_event(event)
    except OverflowError:
        return encode_event(tidy(event))


def _limit_of_all(items: list[Prepared]) -> TooManyRequests | None:
    """Why a batch is refused as a whole: nothing of it passed, for want of room."""
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
