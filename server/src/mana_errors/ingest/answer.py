"""What goes back to a client: the contract's answers, whatever the transport."""

import logging
import traceback
from typing import Final

import msgspec

from mana_errors import meters
from mana_errors.errors import ClientError, ForeignOrigin, ServerError, TooManyRequests
from mana_errors.ingest.origins import ANY_ORIGIN, NO_ORIGIN, HeaderList
from mana_errors.logs import Limited

# After a failure that nobody expected; the same request may do the same again.
RETRY_AFTER_UNEXPECTED_S: Final = 60
ALLOW: Final = (b"allow", b"POST, OPTIONS, HEAD")
_JSON: Final = (b"content-type", b"application/json")
_ALLOW_HEADERS: Final = (
    b"authorization, content-type, content-encoding, x-app-id, x-app-key, idempotency-key"
)
# What Sentry's browser SDKs and their tracing may add.
_ALLOW_SENTRY_HEADERS: Final = (
    b"x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type,"
    b" authentication, authorization, content-encoding, transfer-encoding, sentry-trace, baggage"
)
_PREFLIGHT: Final[HeaderList] = [
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    # Two hours, the most that Chromium keeps.
    (b"access-control-max-age", b"7200"),
    ALLOW,
]

_log: Final = Limited(logging.getLogger(__name__))
_encode: Final = msgspec.json.Encoder().encode


class ItemResult(msgspec.Struct, omit_defaults=True):
    """What became of one report of a batch."""

    success: bool
    id: str | None = None
    error: str | None = None
    # accepted, but the app's filters do not want it: not stored
    filtered: bool = False


class BatchAnswer(msgspec.Struct):
    """The contract's answer to a batch, with `results` added."""

    success: bool
    total: int
    succeeded: int
    failed: int
    results: list[ItemResult]


class Answer(msgspec.Struct, frozen=True, gc=False):
    """Status, headers and body."""

    status: int
    headers: HeaderList
    body: bytes


# So that the two that nearly every answer has are made once.
_JSON_TO_ANY: Final[HeaderList] = [*ANY_ORIGIN, _JSON]


def json_headers(cors: HeaderList) -> HeaderList:
    """Headers of an answer with a body."""
    return _JSON_TO_ANY if cors is ANY_ORIGIN else [*cors, _JSON]


def preflight(cors: HeaderList, *, sentry: bool = False) -> Answer:
    """The answer to a browser that asks whether it may report."""
    allowed = _ALLOW_SENTRY_HEADERS if sentry else _ALLOW_HEADERS
    headers = [*cors, *_PREFLIGHT, (b"access-control-allow-headers", allowed)]
    return Answer(204, headers, b"")


def wrong_method() -> Answer:
    """The answer to a GET."""
    return Answer(405, [*_JSON_TO_ANY, ALLOW], failure("use POST"))


def stored(identifier: str, cors: HeaderList) -> Answer:
    """A report is durable."""
    return Answer(201, json_headers(cors), b'{"success":true,"id":"%s"}' % identifier.encode())


def filtered(identifier: str, cors: HeaderList) -> Answer:
    """A report that the app's filters do not want."""
    body = b'{"success":true,"id":"%s","filtered":true}' % identifier.encode()
    return Answer(201, json_headers(cors), body)


def batch_answer(
    results: list[ItemResult], cors: HeaderList, retry_after_s: int | None = None
) -> Answer:
    """What became of each report; retry_after_s: when those that found no room may come again."""
    succeeded = sum(result.success for result in results)
    total = len(results)
    answer = BatchAnswer(
        success=True,
        total=total,
        succeeded=succeeded,
        failed=total - succeeded,
        results=results,
    )
    headers = json_headers(cors)
    if retry_after_s is not None:
        headers = [*headers, retry_after(retry_after_s)]
    return Answer(201, headers, _encode(answer))


def refusal(error: BaseException, cors: HeaderList = ANY_ORIGIN) -> Answer:
    """Any exception -> the contract's answer; the endpoint never throws."""
    status, headers = refusal_head(error, cors)
    return Answer(status, headers, failure(reason(error)))


def refusal_head(error: BaseException, cors: HeaderList) -> tuple[int, HeaderList]:
    """Status and headers of a refusal with a body in JSON; counts it, too."""
    headers = json_headers(NO_ORIGIN if isinstance(error, ForeignOrigin) else cors)
    if isinstance(error, TooManyRequests | ServerError):
        headers = [*headers, retry_after(error.retry_after_s)]
    elif not isinstance(error, ClientError):
        note_unexpected(error)
        headers = [*headers, retry_after(RETRY_AFTER_UNEXPECTED_S)]
    status = error.status if isinstance(error, ClientError | ServerError) else 503
    meters.requests_refused.labels(str(status)).inc()
    return status, headers


def reason(error: BaseException) -> str:
    """What the client may hear."""
    if isinstance(error, ClientError | ServerError):
        return str(error)
    # Its message may quote what a stranger sent, or what is ours.
    return "internal error; try again later"


def note_unexpected(error: BaseException) -> None:
    """Count and log a failure that nobody expected, without its message."""
    meters.unexpected.labels("ingest").inc()
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.warning("ingest failed", exception_type=type(error).__name__, where=where)


def failure(error: str) -> bytes:
    """The body of the contract's refusal."""
    return _encode({"success": False, "error": error})


def retry_after(seconds: int) -> tuple[bytes, bytes]:
    """The header that says when to come again."""
    return (b"retry-after", str(seconds).encode())
