"""OTLP's two encodings -> one shape.

The structs mirror the protobuf messages field by field, so that what walks them walks either.
In JSON, ids are hex and 64-bit integers may be strings. Numbers and ids may be anything there, so
that one odd field costs itself: number() and hex_of() read them.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

import msgspec
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mana_errors.errors import BadRequest
from mana_errors.ingest.decode import loads
from mana_errors.model.event import JsonObject

JSON: Final = b"application/json"
# Of values within values; protobuf's own limit is 100.
MAX_DEPTH: Final = 16


class KeyValue(Protocol):
    """One attribute."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> Any: ...


class Log(Protocol):
    """One log record."""

    @property
    def time_unix_nano(self) -> Any: ...
    @property
    def observed_time_unix_nano(self) -> Any: ...
    @property
    def severity_number(self) -> Any: ...
    @property
    def severity_text(self) -> str: ...
    @property
    def body(self) -> Any: ...
    @property
    def attributes(self) -> Sequence[KeyValue]: ...
    @property
    def trace_id(self) -> Any: ...
    @property
    def span_id(self) -> Any: ...


class SpanEvent(Protocol):
    """Something that happened in a span."""

    @property
    def time_unix_nano(self) -> Any: ...
    @property
    def name(self) -> str: ...
    @property
    def attributes(self) -> Sequence[KeyValue]: ...


class Span(Protocol):
    """One span."""

    @property
    def trace_id(self) -> Any: ...
    @property
    def span_id(self) -> Any: ...
    @property
    def parent_span_id(self) -> Any: ...
    @property
    def name(self) -> str: ...
    @property
    def attributes(self) -> Sequence[KeyValue]: ...
    @property
    def events(self) -> Sequence[SpanEvent]: ...


class _Struct(msgspec.Struct, rename="camel"):
    """Fields that are not there, or null, have protobuf's defaults."""


class _KeyValue(_Struct):
    key: str = ""
    value: Any = None


class _Described(_Struct):
    """A resource or a scope."""

    name: str = ""
    attributes: list[_KeyValue] = []


class _Log(_Struct):
    time_unix_nano: Any = 0
    observed_time_unix_nano: Any = 0
    severity_number: Any = 0
    severity_text: str = ""
    body: Any = None
    attributes: list[_KeyValue] = []
    trace_id: Any = ""
    span_id: Any = ""


class _SpanEvent(_Struct):
    time_unix_nano: Any = 0
    name: str = ""
    attributes: list[_KeyValue] = []


class _Span(_Struct):
    trace_id: Any = ""
    span_id: Any = ""
    parent_span_id: Any = ""
    name: str = ""
    attributes: list[_KeyValue] = []
    events: list[_SpanEvent] = []


class _ScopeLogs(_Struct):
    scope: _Described = msgspec.field(default_factory=_Described)
    log_records: list[_Log] = []


class _ResourceLogs(_Struct):
    resource: _Described = msgspec.field(default_factory=_Described)
    scope_logs: list[_ScopeLogs] = []


class Logs(_Struct):
    """A request to /v1/logs."""

    resource_logs: list[_ResourceLogs] = []


class _ScopeSpans(_Struct):
    scope: _Described = msgspec.field(default_factory=_Described)
    spans: list[_Span] = []


class _ResourceSpans(_Struct):
    resource: _Described = msgspec.field(default_factory=_Described)
    scope_spans: list[_ScopeSpans] = []


class Traces(_Struct):
    """A request to /v1/traces."""

    resource_spans: list[_ResourceSpans] = []


def is_json(content_type: bytes) -> bool:
    """Whether a request is in JSON; everything else is protobuf."""
    return content_type.partition(b";")[0].strip().lower() == JSON


def decode_logs(body: bytes, content_type: bytes) -> Logs:
    """Raises BadRequest."""
    if is_json(content_type):
        return _from_json(body, Logs)
    return cast("Logs", _from_protobuf(body, ExportLogsServiceRequest()))


def decode_traces(body: bytes, content_type: bytes) -> Traces:
    """Raises BadRequest."""
    if is_json(content_type):
        return _from_json(body, Traces)
    return cast("Traces", _from_protobuf(body, ExportTraceServiceRequest()))


def _from_protobuf(body: bytes, message: Any) -> object:
    try:
        message.ParseFromString(body)
    except DecodeError:
        raise BadRequest("the body is no protobuf message of this kind") from None
    return message


_Decoded = Logs | Traces


def _from_json(body: bytes, kind: "type[msgspec.Struct]") -> Any:
    try:
        return msgspec.convert(_without_null(loads(body)), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the body is no OTLP request: {error}") from error


def _without_null(value: Any) -> Any:
    """JSON's null means the default."""
    if isinstance(value, dict):
        items = cast("JsonObject", value).items()
        return {key: _without_null(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [_without_null(item) for item in cast("list[Any]", value) if item is not None]
    return value


def attributes_of(items: Sequence[KeyValue]) -> JsonObject:
    """Attributes by name."""
    return {item.key.replace("\0", "\ufffd"): plain(item.value) for item in items}


def plain(value: Any, depth: int = 0) -> Any:
    """An AnyValue of either encoding as plain JSON."""
    if value is None or depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return _plain_json(cast("JsonObject", value), depth)
    if isinstance(value, str | int | float):
        # Not of the specification, and clear all the same.
        return _scalar(value)
    return None if isinstance(value, list) else _plain_message(value, depth)


def _plain_message(value: Any, depth: int) -> Any:
    kind: str | None = value.WhichOneof("value")
    if kind is None:
        return None
    said: Any = getattr(value, kind)
    if kind == "array_value":
        return [plain(item, depth + 1) for item in said.values]
    if kind == "kvlist_value":
        return {item.key: plain(item.value, depth + 1) for item in said.values}
    return _scalar(said)


def _plain_json(value: JsonObject, depth: int) -> Any:
    for kind, said in value.items():
        if kind == "arrayValue" and isinstance(said, dict):
            items: Any = cast("JsonObject", said).get("values")
            listed = cast("list[Any]", items) if isinstance(items, list) else []
            return [plain(item, depth + 1) for item in listed]
        if kind == "kvlistValue" and isinstance(said, dict):
            return _plain_pairs(cast("JsonObject", said).get("values"), depth)
        if kind == "intValue" and isinstance(said, str):
            return int(said) if said.lstrip("-").isdecimal() and len(said) < _MAX_DIGITS else said
        if kind.endswith("Value"):
            return _scalar(said)
    return None


_MAX_DIGITS: Final = 20


def _plain_pairs(items: Any, depth: int) -> JsonObject:
    found: JsonObject = {}
    for item in cast("list[Any]", items) if isinstance(items, list) else []:
        if isinstance(item, dict):
            pair = cast("JsonObject", item)
            found[str(pair.get("key", ""))] = plain(pair.get("value"), depth + 1)
    return found


def _scalar(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    # NaN and infinity are no JSON.
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124 - NaN
        return str(value)
    return value


def number(value: Any) -> int:
    """An integer of either encoding; 0 for what is none."""
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isdecimal() and len(value) < _MAX_DIGITS:
        return int(value)
    return 0


def hex_of(identifier: Any) -> str | None:
    """An id in lower-case hex; None where there is none, or all zeros."""
    text = identifier.hex() if isinstance(identifier, bytes) else identifier
    if not isinstance(text, str):
        return None
    text = text.lower()
    return text if text.strip("0") and len(text) <= _MAX_HEX and text.isalnum() else None


_MAX_HEX: Final = 32
