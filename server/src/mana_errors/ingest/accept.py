"""Ingest between transport and spool: body in, answer out.

Ingest._prepare() is the list of stages that a report passes before its answer, whatever its wire
form.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.errors import Overloaded, SpoolUnavailable
from mana_errors.ingest.answer import Answer
from mana_errors.ingest.cut import cut
from mana_errors.ingest.decode import tidy
from mana_errors.ingest.filter import FilterSet
from mana_errors.ingest.guard import Guard
from mana_errors.ingest.identify import Identify, Known, Sender
from mana_errors.ingest.limit import Limits
from mana_errors.ingest.origins import ANY_ORIGIN, HeaderList, cors_headers
from mana_errors.ingest.quota import Quotas
from mana_errors.ingest.receive import Headers, check_head, decode_body
from mana_errors.ingest.requests.request import (
    Accepted,
    Draft,
    Filtered,
    Prepared,
    Refused,
    Request,
)
from mana_errors.ingest.requests.wires import preflight, read, refusal
from mana_errors.ingest.routes import REPORT, Route
from mana_errors.ingest.scrub import RuleSet, scrub
from mana_errors.ingest.shrink import shrink
from mana_errors.ingest.stamp import Clock, stamp
from mana_errors.ingest.tally import Tally, outcome_of
from mana_errors.model.event import Event
from mana_errors.model.outcome import Outcome
from mana_errors.store.spool.writer import SpoolWriter

# CPU time that one request may take from all other clients of the worker. A thousand honest
# reports of 10 KB take 200 ms.
REQUEST_BUDGET_S: Final = 0.5

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
        self._rules = RuleSet()
        self._tally = Tally(spool, known.directory, clock.now)

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the ledger fresh until told to stop."""
        await self._tally.run(stopping)

    def flush(self) -> None:
        """Hand what is counted to the spool, before it closes."""
        self._tally.flush()

    def meet(
        self, headers: Headers, query: bytes, host: str | None, route: Route = REPORT
    ) -> Sender:
        """Who sends a request; host is the connection's other end. Never raises."""
        return self._identify.meet(headers, query, host, route)

    def preflight(self, sender: Sender) -> Answer:
        """The answer to OPTIONS and HEAD."""
        return preflight(sender, self._cors(sender))

    def check(self, sender: Sender) -> None:
        """Refuse what can be refused before a byte of the body is read."""
        if (full := self._spool.refusal()) is not None:
            raise SpoolUnavailable(full)
        self.guard.check_memory()
        self._limits.take_request(sender.address.bucket)
        self._identify.check(sender)
        check_head(sender.headers, sender.route.limit, sender.route.protocol)

    def refuse(self, error: Exception, sender: Sender | None = None) -> Answer:
        """The answer to a request that ends with this; counted as one event, however many are in
        the body that was not read."""
        sender = sender or Sender()
        self._tally.refused(sender.named, outcome_of(error), protocol=sender.route.protocol)
        return refusal(error, sender, self._cors(sender))

    def accept(self, sender: Sender, body: bytes, reply: Reply) -> None:
        """The path of events before their answer: `reply` is called with it once it is true, that
        is, after the fsync. Never raises."""
        try:
            raw = decode_body(sender.headers, body, sender.route.limit)
            self._identify.find_user(sender)
            request = read(sender, raw)
            self._identify.check_dsn(sender, request.dsn)
            items = self._prepare_all(request.drafts, sender)
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            reply(self.refuse(error, sender))
            return
        for item in items:
            if not isinstance(item, Accepted):
                self._count(item, sender)
        for entry in request.discarded:
            app_id = sender.named or entry.app_id
            self._tally.lost(app_id, entry.outcome, int(entry.quantity))
        self._append(items, request, sender, reply)

    def _prepare_all(self, drafts: Sequence[Draft], sender: Sender) -> list[Prepared]:
        items: list[Prepared] = []
        deadline = time.thread_time() + REQUEST_BUDGET_S
        for index, draft in enumerate(drafts):
            # The first one always: a request that is refused whole would come again whole.
            if not index or time.thread_time() < deadline:
                items.append(self._prepare(draft, sender, index))
            else:
                meters.protected.labels("budget").inc()
                late = Overloaded("the batch took too long until here: send the rest again")
                items.append(Refused(sender.named, late))
        return items

    def _prepare(self, draft: Draft, sender: Sender, index: int) -> Prepared:
        """The stages of one report, in order. One bad report never costs the others of a request,
        so what is wrong is a result and no exception."""
        app_id = sender.named
        try:
            report = draft()
            app_id = report.app_id or app_id
            app = self._identify.app_of(report, sender)
            app_id = app.id
            self._limits.take_event(app, sender.key)
            self._quotas.take_event(app, report)
            event = stamp(report, app_id, sender, self._clock, index)
            if self._filters.unwanted(event, app, sender.address):
                return Filtered(app_id, str(event.id))
            event = cut(scrub(event, self._rules.of(app)))
            return Accepted(app_id, str(event.id), _encode(event))
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            return Refused(app_id, error)

    def _append(
        self, items: list[Prepared], request: Request, sender: Sender, reply: Reply
    ) -> None:
        accepted = [item for item in items if isinstance(item, Accepted)]
        protocol = sender.route.protocol
        if not accepted:
            reply(request.answer(items, self._cors(sender)))
            return

        def done(failure: SpoolUnavailable | None) -> None:
            if failure is None:
                self._tally.accepted(len(accepted), protocol)
                reply(request.answer(items, self._cors(sender)))
                return
            for item in accepted:
                self._tally.refused(item.app_id, Outcome.UNAVAILABLE, protocol=protocol)
            reply(refusal(failure, sender, self._cors(sender)))

        self._spool.append([item.payload for item in accepted], done)

    def _count(self, item: Filtered | Refused, sender: Sender) -> None:
        is_filtered = isinstance(item, Filtered)
        outcome = Outcome.FILTERED if is_filtered else outcome_of(item.error)
        self._tally.refused(item.app_id, outcome, protocol=sender.route.protocol)

    def _cors(self, sender: Sender) -> HeaderList:
        if sender.origin is None:
            return ANY_ORIGIN
        app = sender.key_app or self._known.directory().apps.get(sender.app_id or "")
        return cors_headers(sender.origin, app.settings.allowed_origins) if app else ANY_ORIGIN


def _encode(event: Event) -> bytes:
    try:
        return shrink(event)
    except OverflowError:
        return shrink(tidy(event))
