"""The wire forms, side by side."""

from collections.abc import Callable
from typing import Final

from mana_errors.ingest import answer
from mana_errors.ingest.answer import Answer
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.origins import HeaderList
from mana_errors.ingest.requests import otlp, sentry
from mana_errors.ingest.requests.native import NativeBatch, NativeReport
from mana_errors.ingest.requests.request import Request
from mana_errors.ingest.routes import Wire
from mana_errors.model.event import Protocol

_READERS: Final[dict[Wire, Callable[[Sender, bytes], Request]]] = {
    Wire.REPORT: lambda _, body: NativeReport(body),
    Wire.BATCH: lambda _, body: NativeBatch(body),
    Wire.ENVELOPE: sentry.read_envelope_request,
    Wire.STORE: sentry.read_store_request,
    Wire.SECURITY: sentry.read_security_request,
    Wire.LOGS: otlp.read_logs_request,
    Wire.TRACES: otlp.read_traces_request,
}


def read(sender: Sender, body: bytes) -> Request:
    """A request by its decompressed body. Raises what the answer has to tell."""
    return _READERS[sender.route.wire](sender, body)


def refusal(error: Exception, sender: Sender, cors: HeaderList) -> Answer:
    """The answer to a request that is refused as a whole."""
    protocol = sender.route.protocol
    if protocol is Protocol.SENTRY:
        return sentry.refusal(error, cors)
    if protocol is Protocol.OTLP:
        return otlp.refusal(error, sender, cors)
    return answer.refusal(error, cors)


def preflight(sender: Sender, cors: HeaderList) -> Answer:
    """The answer to a browser that asks whether it may report."""
    return answer.preflight(cors, sentry=sender.route.protocol is Protocol.SENTRY)
