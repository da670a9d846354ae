"""The native protocol between transport and spool: body in, answer out.

Ingest.accept() is the list of stages that events pass before their 201.
"""

import asyncio
import logging
import traceback
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from mana_errors import meters
from mana_errors.errors import ClientError, InvalidReport, ServerError, SpoolUnavailable, TooLarge
from mana_errors.ingest.cut import cut
from mana_errors.ingest.decode import (
    MAX_BATCH_BYTES,
    MAX_REPORT_BYTES,
    decode_report,
    split_batch,
    tidy,
)
from mana_errors.ingest.receive import Headers, check_head, decode_body
from mana_errors.ingest.scrub import scrub
from mana_errors.ingest.stamp import Clock, Sender, stamp
from mana_errors.logs import Limited
from mana_errors.model.event import Event
from mana_errors.model.outcome import Outcome
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.writer import SpoolWriter

REPORT_PATH: Final = "/api/v1/errors"
BATCH_PATH: Final = "/api/v1/errors/batch"
MAX_APP_ID: Final = 50
# As long as a client could reasonably make one; Stripe's limit for the same header.
MAX_IDEMPOTENCY_KEY: Final = 255
# After a failure that nobody expected; the same request may do the same again.
RETRY_AFTER_UNEXPECTED_S: Final = 60

HeaderList = list[tuple[bytes, bytes]]

_CORS: Final[HeaderList] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after"),
]
ALLOW: Final = (b"allow", b"POST, OPTIONS, HEAD")
PREFLIGHT_HEADERS: Final[HeaderList] = [
    *_CORS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, x-app-id, idempotency-key",
    ),
    # Two hours, the most that Chromium keeps.
    (b"access-control-max-age", b"7200"),
    ALLOW,
]
JSON_HEADERS: Final[HeaderList] = [*_CORS, (b"content-type", b"application/json")]

_log: Final = Limited(logging.getLogger(__name__))
_encode: Final = msgspec.json.Encoder().encode
_received: Final = meters.received.labels("native")
_accepted: Final = meters.outcomes.labels(Outcome.ACCEPTED)
_unavailable: Final = meters.outcomes.labels(Outcome.UNAVAILABLE)


class ItemResult(msgspec.Struct, omit_defaults=True):
    """What became of one report of a batch."""

    success: bool
    id: str | None = None
    error: str | None = None


class BatchAnswer(msgspec.Struct):
    """The contract's answer to a batch, with `results` added."""

    success: bool
    total: int
    succeeded: int
    failed: int
    results: list[ItemResult]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client, whatever the transport."""

    status: int
    headers: HeaderList
    body: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that is ready for the spool."""

    event: Event
    payload: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """An answer that is true as soon as `durable` is done, unless that fails."""

    answer: Answer
    durable: asyncio.Future[None] | None


class Ingest:
    """Accepts reports into a spool. Transports bring bytes and carry answers away."""

    def __init__(self, spool: SpoolWriter, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock

    @staticmethod
    def limit(*, batch: bool) -> int:
        """Most bytes of a body, before and after decompression."""
        return MAX_BATCH_BYTES if batch else MAX_REPORT_BYTES

    def check(self, headers: Headers, *, batch: bool) -> None:
        """Refuse what can be refused before a byte of the body is read."""
        if (reason := self._spool.refusal()) is not None:
            raise SpoolUnavailable(reason)
        check_head(headers, self.limit(batch=batch))

    def accept(self, headers: Headers, body: bytes, *, batch: bool) -> Receipt:
        """The path of events before their 201. Raises ClientError."""
        raw = decode_body(headers, body, self.limit(batch=batch))
        sender = _identify(headers)
        if batch:
            return self._accept_batch(raw, sender)
        accepted = self._prepare(raw, sender, 0)
        body = b'{"success":true,"id":"%s"}' % str(accepted.event.id).encode()
        return Receipt(Answer(201, JSON_HEADERS, body), self._append([accepted]))

    def _accept_batch(self, raw: bytes, sender: Sender) -> Receipt:
        prepared = [self._try_prepare(item, sender, n) for n, item in enumerate(split_batch(raw))]
        accepted = [item for item in prepared if isinstance(item, Accepted)]
        answer = BatchAnswer(
            success=True,
            total=len(prepared),
            succeeded=len(accepted),
            failed=len(prepared) - len(accepted),
            results=[_result(item) for item in prepared],
        )
        durable = self._append(accepted) if accepted else None
        return Receipt(Answer(201, JSON_HEADERS, _encode(answer)), durable)

    def _try_prepare(self, raw: bytes, sender: Sender, index: int) -> Accepted | str:
        """One bad item never costs the others: what is wrong with it, instead of raising."""
        try:
            return self._prepare(raw, sender, index)
        except ClientError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - the other items must not suffer
            _unavailable.inc()
            _note_unexpected(error)
            return "internal error"

    def _prepare(self, raw: bytes, sender: Sender, index: int) -> Accepted:
        """decode, stamp, scrub, cut; counts what is refused."""
        _received.inc()
        try:
            event = cut(scrub(stamp(decode_report(raw), sender, self._clock, index)))
            try:
                return Accepted(event, encode_event(event))
            except OverflowError:
                event = tidy(event)
                return Accepted(event, encode_event(event))
        except TooLarge:
            meters.outcomes.labels(Outcome.TOO_LARGE).inc()
            raise
        except ClientError:
            meters.outcomes.labels(Outcome.INVALID).inc()
            raise

    def _append(self, accepted: list[Accepted]) -> asyncio.Future[None]:
        durable = self._spool.append([item.payload for item in accepted])
        durable.add_done_callback(partial(_count, len(accepted)))
        return durable


def refuse(error: BaseException) -> Answer:
    """Any exception -> the contract's answer; the endpoint never throws."""
    if isinstance(error, ClientError):
        answer = Answer(error.status, JSON_HEADERS, failure(str(error)))
    elif isinstance(error, ServerError):
        answer = _retry_later(error.status, error.retry_after_s, str(error))
    else:
        _note_unexpected(error)
        answer = _retry_later(503, RETRY_AFTER_UNEXPECTED_S, "internal error; try again later")
    meters.requests_refused.labels(str(answer.status)).inc()
    return answer


def failure(error: str) -> bytes:
    """The body of the contract's refusal."""
    return _encode({"success": False, "error": error})


def _retry_later(status: int, seconds: int, error: str) -> Answer:
    headers = [*JSON_HEADERS, (b"retry-after", str(seconds).encode())]
    return Answer(status, headers, failure(error))


def _count(events: int, durable: asyncio.Future[None]) -> None:
    refused = durable.cancelled() or durable.exception() is not None
    (_unavailable if refused else _accepted).inc(events)


def _note_unexpected(error: BaseException) -> None:
    # Without the exception's message: it may quote what a stranger sent.
    meters.unexpected.labels("ingest").inc()
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.warning("ingest failed", exception_type=type(error).__name__, where=where)


def _identify(headers: Headers) -> Sender:
    return Sender(
        app_id=_header(headers, b"x-app-id", "X-App-Id", MAX_APP_ID),
        user_agent=_text(headers.get(b"user-agent", b"")) or None,
        idempotency_key=_header(
            headers, b"idempotency-key", "Idempotency-Key", MAX_IDEMPOTENCY_KEY
        ),
    )


def _header(headers: Headers, key: bytes, name: str, limit: int) -> str | None:
    value = _text(headers.get(key, b""))
    if len(value) > limit:
        raise InvalidReport(f"{name}: expected at most {limit} characters")
    return value or None


def _text(value: bytes) -> str:
    # HTTP says Latin-1; people send UTF-8. A NUL cannot be stored.
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")


def _result(item: Accepted | str) -> ItemResult:
    if isinstance(item, str):
        return ItemResult(success=False, error=item)
    return ItemResult(success=True, id=str(item.event.id))
