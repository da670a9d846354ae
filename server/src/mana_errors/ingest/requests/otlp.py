"""OpenTelemetry's requests: logs and traces."""

from collections.abc import Sequence
from functools import partial

import msgspec

from mana_errors.errors import ManaError
from mana_errors.ingest.answer import Answer, note_unexpected, reason, refusal_head
from mana_errors.ingest.discarded import Discarded
from mana_errors.ingest.identify import Sender
from mana_errors.ingest.origins import HeaderList
from mana_errors.ingest.otlp.answer import answered, refused
from mana_errors.ingest.otlp.logs import read_logs
from mana_errors.ingest.otlp.traces import read_traces
from mana_errors.ingest.otlp.wire import is_json
from mana_errors.ingest.report import Report
from mana_errors.ingest.requests.native import limit_of_all
from mana_errors.ingest.requests.request import Draft, Prepared, Refused
from mana_errors.ingest.routes import Wire

_REJECTED = {Wire.LOGS: "rejectedLogRecords", Wire.TRACES: "rejectedSpans"}
_PROTOBUF = b"application/x-protobuf"
_JSON = b"application/json"


class OtlpRequest:
    """A request whose items are read."""

    discarded: Sequence[Discarded] = ()
    dsn: str | None = None

    def __init__(self, reports: Sequence[Report], sender: Sender) -> None:
        self._sender = sender
        self.drafts: Sequence[Draft] = [partial(_draft, report, sender) for report in reports]

    def answer(self, items: Sequence[Prepared], cors: HeaderList) -> Answer:
        """200, with what was refused for good; a refusal of all that is worth another try."""
        if (whole := limit_of_all(items)) is not None:
            return refusal(whole, self._sender, cors)
        errors = [item.error for item in items if isinstance(item, Refused)]
        for error in errors:
            if not isinstance(error, ManaError):
                note_unexpected(error)
        message = reason(errors[0]) if errors else ""
        json = _is_json(self._sender)
        body = answered(
            len(errors), message, json=json, rejected_name=_REJECTED[self._sender.route.wire]
        )
        return Answer(200, [*cors, _type(json=json)], body)


def refusal(error: Exception, sender: Sender, cors: HeaderList) -> Answer:
    """The answer to a request that is refused as a whole."""
    status, headers = refusal_head(error, cors)
    json = _is_json(sender)
    headers = [header for header in headers if header[0] != b"content-type"]
    return Answer(status, [*headers, _type(json=json)], refused(status, reason(error), json=json))


def read_logs_request(sender: Sender, body: bytes) -> OtlpRequest:
    """POST /v1/logs. Raises BadRequest, TooLarge."""
    return OtlpRequest(read_logs(body, _content_type(sender)).reports, sender)


def read_traces_request(sender: Sender, body: bytes) -> OtlpRequest:
    """POST /v1/traces. Raises BadRequest, TooLarge."""
    return OtlpRequest(read_traces(body, _content_type(sender)).reports, sender)


def _draft(report: Report, sender: Sender) -> Report:
    # A key or X-App-Id says more than the name that a service has among others.
    named = sender.key_app is not None or sender.app_id is not None
    return msgspec.structs.replace(report, app_id=None) if named else report


def _content_type(sender: Sender) -> bytes:
    return sender.headers.get(b"content-type", b"")


def _is_json(sender: Sender) -> bool:
    return is_json(_content_type(sender))


def _type(*, json: bool) -> tuple[bytes, bytes]:
    return (b"content-type", _JSON if json else _PROTOBUF)
