"""The native protocol's two routes as one small ASGI app.

accept() is the list of stages that an event passes before its 201.
"""

import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from mana_errors import meters
from mana_errors.errors import ClientError, InvalidReport, ServerError, SpoolUnavailable, TooLarge
from mana_errors.ingest.decode import (
    MAX_BATCH_BYTES,
    MAX_REPORT_BYTES,
    decode_report,
    split_batch,
    tidy,
)
from mana_errors.ingest.receive import ClientGone, Headers, Receive, Scope, Send, receive_body
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
_ALLOW: Final = b"POST, OPTIONS, HEAD"

_CORS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after"),
]
_PREFLIGHT: Final = [
    *_CORS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, x-app-id, idempotency-key",
    ),
    # Two hours, the most that Chromium keeps.
    (b"access-control-max-age", b"7200"),
    (b"allow", _ALLOW),
]
_JSON: Final = [*_CORS, (b"content-type", b"application/json")]


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
class Accepted:
    """An event that is ready for the spool."""

    event: Event
    payload: bytes


AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_log: Final = Limited(logging.getLogger(__name__))
_encode: Final = msgspec.json.Encoder().encode


class IngestApp:
    """Answers the ingest routes; every other path is the next app's.

    Never raises and always answers in the contract's shape, whatever comes.
    """

    def __init__(self, spool: SpoolWriter, clock: Clock, next_app: AsgiApp) -> None:
        self._spool = spool
        self._clock = clock
        self._next = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        path = path.removesuffix("/")
        if path not in {REPORT_PATH, BATCH_PATH}:
            await self._next(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send, batch=path == BATCH_PATH)
        elif scope["method"] in {"OPTIONS", "HEAD"}:
            await _send(send, 204, _PREFLIGHT, b"")
        else:
            headers = [*_JSON, (b"allow", _ALLOW)]
            await _send(send, 405, headers, _failure("use POST"))

    async def _post(self, scope: Scope, receive: Receive, send: Send, *, batch: bool) -> None:
        headers: Headers = dict(scope["headers"])
        try:
            body = await (
                self._accept_batch(headers, receive) if batch else self.accept(headers, receive)
            )
        except ClientGone:
            return
        except ClientError as error:
            meters.requests_refused.labels(str(error.status)).inc()
            await _send(send, error.status, _JSON, _failure(str(error)))
        except ServerError as error:
            meters.requests_refused.labels(str(error.status)).inc()
            retry = (b"retry-after", str(error.retry_after_s).encode())
            await _send(send, error.status, [*_JSON, retry], _failure(str(error)))
        except Exception as error:  # noqa: BLE001 - the contract: the endpoint never throws
            _note_unexpected(error)
            retry = (b"retry-after", b"60")
            await _send(send, 503, [*_JSON, retry], _failure("internal error; try again later"))
        else:
            await _send(send, 201, _JSON, body)

    async def accept(self, headers: Headers, receive: Receive) -> bytes:
        """The path of one event before its 201."""
        self._refuse_when_full()
        raw = await receive_body(headers, receive, MAX_REPORT_BYTES)
        accepted = self._prepare(raw, _identify(headers))
        await self._make_durable([accepted])
        return b'{"success":true,"id":"%s"}' % str(accepted.event.id).encode()

    async def _accept_batch(self, headers: Headers, receive: Receive) -> bytes:
        self._refuse_when_full()
        body = await receive_body(headers, receive, MAX_BATCH_BYTES)
        sender = _identify(headers)
        prepared = [
            self._try_prepare(raw, sender, index) for index, raw in enumerate(split_batch(body))
        ]
        accepted = [item for item in prepared if isinstance(item, Accepted)]
        if accepted:
            await self._make_durable(accepted)
        answer = BatchAnswer(
            success=True,
            total=len(prepared),
            succeeded=len(accepted),
            failed=len(prepared) - len(accepted),
            results=[_result(item) for item in prepared],
        )
        return _encode(answer)

    def _try_prepare(self, raw: bytes, sender: Sender, index: int) -> "Accepted | str":
        """One bad item never costs the others: what is wrong with it, instead of raising."""
        try:
            return self._prepare(raw, sender, index)
        except ClientError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - the other items must not suffer
            meters.outcomes.labels(Outcome.UNAVAILABLE).inc()
            _note_unexpected(error)
            return "internal error"

    def _refuse_when_full(self) -> None:
        if (reason := self._spool.refusal()) is not None:
            raise SpoolUnavailable(reason)

    def _prepare(self, raw: bytes, sender: Sender, index: int = 0) -> Accepted:
        """decode, scrub, stamp; counts what is refused."""
        meters.received.labels("native").inc()
        try:
            event = scrub(stamp(decode_report(raw), sender, self._clock, index))
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

    async def _make_durable(self, accepted: list[Accepted]) -> None:
        started = time.perf_counter()
        try:
            await self._spool.append([item.payload for item in accepted])
        except ServerError:
            meters.outcomes.labels(Outcome.UNAVAILABLE).inc(len(accepted))
            raise
        meters.spool_commit_seconds.observe(time.perf_counter() - started)
        meters.outcomes.labels(Outcome.ACCEPTED).inc(len(accepted))


def _note_unexpected(error: Exception) -> None:
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
    # HTTP says Latin-1; people send UTF-8.
    return value.decode("utf-8", "replace")


def _result(item: Accepted | str) -> ItemResult:
    if isinstance(item, str):
        return ItemResult(success=False, error=item)
    return ItemResult(success=True, id=str(item.event.id))


def _failure(error: str) -> bytes:
    return _encode({"success": False, "error": error})


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
