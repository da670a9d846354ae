"""The native protocol between transport and spool: body in, answer out.

Ingest.accept() is the list of stages that events pass before their 201.
"""

import logging
import traceback
from collections.abc import Callable
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
_received: Final = meters.Tally(meters.received.labels("native"))
_accepted: Final = meters.Tally(meters.outcomes.labels(Outcome.ACCEPTED))
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


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What goes back to the client, whatever the transport."""

    status: int
    headers: HeaderList
    body: bytes


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An event that is ready for the spool."""

    event: Event
    payload: bytes


Reply = Callable[[Answer], None]


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

    def accept(self, headers: Headers, body: bytes, reply: Reply, *, batch: bool) -> None:
        """The path of events before their 201: `reply` is called with the answer once it is true,
        that is, after the fsync. Never raises."""
        try:
            raw = decode_body(headers, body, self.limit(batch=batch))
            sender = _identify(headers)
            if batch:
                self._accept_batch(raw, sender, reply)
            else:
                self._accept_one(raw, sender, reply)
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            reply(refuse(error))

    def _accept_one(self, raw: bytes, sender: Sender, reply: Reply) -> None:
        accepted = self._prepare(raw, sender, 0)
        body = b'{"success":true,"id":"%s"}' % str(accepted.event.id).encode()
        self._append([accepted], Answer(201, JSON_HEADERS, body), reply)

    def _accept_batch(self, raw: bytes, sender: Sender, reply: Reply) -> None:
        prepared = [self._try_prepare(item, sender, n) for n, item in enumerate(split_batch(raw))]
        accepted = [item for item in prepared if isinstance(item, Accepted)]
        batch = BatchAnswer(
            success=True,
            total=len(prepared),
            succeeded=len(accepted),
            failed=len(prepared) - len(accepted),
            results=[_result(item) for item in prepared],
        )
        answer = Answer(201, JSON_HEADERS, _encode(batch))
        if accepted:
            self._append(accepted, answer, reply)
        else:
            reply(answer)

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

    def _append(self, accepted: list[Accepted], answer: Answer, reply: Reply) -> None:
        def done(refusal: SpoolUnavailable | None) -> None:
            if refusal is None:
                _accepted.inc(len(accepted))
                reply(answer)
            else:
                _unavailable.inc(len(accepted))
                reply(refuse(refusal))

        self._spool.append([item.payload for item in accepted], done)


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


def _note_unexpected(error: BaseException) -> None:
    # Without the exception's message: it may quote what a stranger sent.
    meters.unexpected.labels("ingest").inc()
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.warning("ingest failed", exception_type=type(error).__name__, where=where)


def _identify(headers: Headers) -> Sender:
    return Sender(
        app_id=_header(headers, b"x-app-id", "X-App-Id", MAX_APP_ID),
        user_agent=_text(agent) if (agent := headers.get(b"user-agent")) else None,
        idempotency_key=_header(
            headers, b"idempotency-key", "Idempotency-Key", MAX_IDEMPOTENCY_KEY
        ),
    )


def _header(headers: Headers, key: bytes, name: str, limit: int) -> str | None:
    if not (raw := headers.get(key)):
        return None
    value = _text(raw)
    if len(value) > limit:
        raise InvalidReport(f"{name}: expected at most {limit} characters")
    return value


def _text(value: bytes) -> str:
    # HTTP says Latin-1; people send UTF-8. A NUL cannot be stored.
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")


def _result(item: Accepted | str) -> ItemResult:
    if isinstance(item, str):
        return ItemResult(success=False, error=item)
    return ItemResult(success=True, id=str(item.event.id))
