"""OTLP's exceptions and error logs -> reports. docs/mapping.md is the table.

Attributes have two names each, those of the stable semantic conventions and those before.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from mana_errors.ingest.report import Report
from mana_errors.model.event import JsonObject, Severity, SourceType

LOG_TYPE: Final = "Log"
# The contract's limits and ingest/report.py's.
_MAX_NAME: Final = 100
_MAX_APP: Final = 50
_MAX_RELEASE: Final = 250
_MAX_ENVIRONMENT: Final = 64
_MAX_METHOD: Final = 10
_MAX_TEXT: Final = 512 * 1024
# Namespace of the ids made here; random, fixed for ever.
_NAMESPACE: Final = UUID("0d9f5c1e-58f5-4c43-8a5c-6d0a3f0f6a4b")
# module.Type, as Python, Java and .NET write it
_QUALIFIED: Final = re.compile(r"([A-Za-z_$][\w$]*(?:\.[\w$]+)*)\.([\w$`+]+)")
_MOBILE: Final = frozenset({"swift", "android", "kotlin", "dart"})
_TEXTS: Final = (
    ("fatal", Severity.CRITICAL),
    ("crit", Severity.CRITICAL),
    ("emerg", Severity.CRITICAL),
    ("alert", Severity.CRITICAL),
    ("err", Severity.ERROR),
    ("warn", Severity.WARNING),
    ("info", Severity.INFO),
)
# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
_NUMBERS: Final = (
    (21, Severity.CRITICAL),
    (17, Severity.ERROR),
    (13, Severity.WARNING),
    (9, Severity.INFO),
    (1, Severity.DEBUG),
)
# Of a stack that is looked through for its failing call.
_MAX_STACK: Final = 200_000
_PYTHON_CALL: Final = 'File "'
_encode: Final = msgspec.json.Encoder().encode


class Occurrence(msgspec.Struct, frozen=True):
    """A recorded exception or a log record, with what surrounds it."""

    resource: JsonObject
    scope: str
    # of the log record or of the span event
    attributes: JsonObject
    # of the span; empty for logs
    span: JsonObject
    span_name: str
    # nanoseconds since 1970; 0 = not said
    time: int
    body: Any = None
    severity: Severity = Severity.ERROR
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None


def severity_of(number: int, text: str) -> Severity:
    """Of a log record; without either, it is information."""
    for least, severity in _NUMBERS:
        if number >= least:
            return severity
    lowered = text[:_MAX_NAME].lower()
    return next((severity for word, severity in _TEXTS if word in lowered), Severity.INFO)


def is_exception(attributes: JsonObject) -> bool:
    """Whether attributes tell of an exception."""
    return bool(attributes.get("exception.type") or attributes.get("exception.message"))


def report_of(what: Occurrence) -> Report:
    """The report of one exception or log record."""
    kind, module = _type_of(what.attributes)
    message = _text(what.attributes.get("exception.message"))
    body = _text(what.body)
    stack = _text(what.attributes.get("exception.stacktrace"))
    code = _said(what, "error.code", "code", "error.type", limit=_MAX_NAME)
    service = _text(what.resource.get("service.name"), _MAX_NAME)
    return Report(
        error_code=code or kind,
        error_type=kind,
        message=message or body or "",
        stack_trace=stack,
        app_id=service[:_MAX_APP] if service else None,
        service_name=service,
        source_type=_source_of(what.resource),
        user_id=_said(what, "enduser.id", "user.id", limit=_MAX_NAME),
        session_id=_said(what, "session.id", limit=_MAX_NAME),
        request_url=_url_of(what),
        request_method=_said(what, "http.request.method", "http.method", limit=_MAX_METHOD),
        response_status_code=_status_of(what),
        environment=_of(
            what.resource, "deployment.environment.name", "deployment.environment",
            limit=_MAX_ENVIRONMENT,
        ),
        severity=what.severity,
        user_agent=_said(what, "user_agent.original", "http.user_agent"),
        occurred_at=_time_of(what.time),
        id=_id_of(what, (service or "", kind, message or "", _failing_call(stack), body or "")),
        release=_of(what.resource, "service.version", limit=_MAX_RELEASE),
        payload=_payload(what, kind, module, message, body),
    )  # fmt: skip


def _type_of(attributes: JsonObject) -> tuple[str, str | None]:
    said = _text(attributes.get("exception.type"), 2 * _MAX_NAME)
    if said is None:
        return ("Error" if is_exception(attributes) else LOG_TYPE), None
    match = _QUALIFIED.fullmatch(said)
    return (match[2][:_MAX_NAME], match[1]) if match else (said[:_MAX_NAME], None)


def _payload(
    what: Occurrence, kind: str, module: str | None, message: str | None, body: str | None
) -> JsonObject:
    thrown: JsonObject = {}
    if is_exception(what.attributes):
        escaped = what.attributes.get("exception.escaped")
        thrown = {"type": kind, "value": message, "module": module}
        # A stranger may send a list, which has no hash: no set.
        if escaped in (True, "True", "true"):
            thrown["mechanism"] = {"type": "otel", "handled": False}
        thrown = {name: value for name, value in thrown.items() if value is not None}
    rest = {
        key: value for key, value in what.attributes.items() if not key.startswith("exception.")
    }
    contexts = {"resource": what.resource, "span": what.span, "attributes": rest}
    trace = {"traceId": what.trace_id, "spanId": what.span_id, "parentSpanId": what.parent_span_id}
    payload: JsonObject = {
        "exceptions": [thrown] if thrown else None,
        "logEntry": {"template": body} if thrown and body else None,
        "contexts": {name: value for name, value in contexts.items() if value},
        "trace": {name: value for name, value in trace.items() if value},
        "logger": what.scope or None,
        "transaction": _said(what, "http.route") or what.span_name or None,
        "serverName": _of(what.resource, "host.name"),
        "platform": _of(what.resource, "telemetry.sdk.language"),
        "sdk": _sdk_of(what.resource),
    }
    return {name: value for name, value in payload.items() if value}


def _sdk_of(resource: JsonObject) -> JsonObject:
    found = {key: _of(resource, f"telemetry.sdk.{key}") for key in ("name", "version")}
    return {name: value for name, value in found.items() if value}


def _source_of(resource: JsonObject) -> SourceType | None:
    language = _of(resource, "telemetry.sdk.language")
    if language is None:
        return None
    if language == "webjs":
        return SourceType.FRONTEND_WEB
    mobile = language in _MOBILE and ("device.id" in resource or "device.model.name" in resource)
    return SourceType.FRONTEND_MOBILE if mobile else SourceType.BACKEND


def _url_of(what: Occurrence) -> str | None:
    if (url := _said(what, "url.full", "http.url")) is not None:
        return url
    path = _said(what, "url.path", "http.target")
    if path is None:
        return None
    query = _said(what, "url.query")
    path = f"{path}?{query}" if query else path
    host = _said(what, "server.address", "http.host", "net.host.name")
    if host is None:
        return path
    return f"{_said(what, 'url.scheme', 'http.scheme') or 'http'}://{host}{path}"


def _status_of(what: Occurrence) -> int | None:
    for name in ("http.response.status_code", "http.status_code"):
        value = what.span.get(name, what.attributes.get(name))
        if type(value) is int and 100 <= value <= 599:  # noqa: PLR2004 - the contract's
            return value
    return None


def _time_of(nanoseconds: int) -> str | None:
    # Years 1970 to 9999.
    if not 0 < nanoseconds < 253_402_300_800 * 10**9:
        return None
    seconds, rest = divmod(nanoseconds, 10**9)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000).isoformat()


def _id_of(what: Occurrence, words: tuple[str, ...]) -> UUID:
    """The same for an exception on each span of a trace that it passed, and for each time that an
    exporter sends it."""
    if what.trace_id is not None and is_exception(what.attributes):
        # Without the body: a log record of the exception has one, its span has not.
        return uuid5(_NAMESPACE, "\0".join((what.trace_id, *words[:-1])))
    own = (str(what.time), what.trace_id or "", what.span_id or "", what.scope)
    return uuid5(_NAMESPACE, "\0".join((*own, *words)))


def _failing_call(stack: str | None) -> str:
    """The line of a stack that tells where it failed. The others differ from span to span: each
    adds the calls that led to it."""
    lines = (stack or "")[:_MAX_STACK].split("\n")
    if calls := [line for line in lines if _PYTHON_CALL in line]:
        return calls[-1].strip()
    return lines[1].strip() if len(lines) > 1 else ""


def _said(what: Occurrence, *names: str, limit: int = _MAX_TEXT) -> str | None:
    """The first of the attributes, of the record itself, of its span, or of its resource."""
    for place in (what.attributes, what.span, what.resource):
        if (text := _of(place, *names, limit=limit)) is not None:
            return text
    return None


def _of(attributes: JsonObject, *names: str, limit: int = _MAX_TEXT) -> str | None:
    for name in names:
        if (text := _text(attributes.get(name), limit)) is not None:
            return text
    return None


def _text(value: Any, limit: int = _MAX_TEXT) -> str | None:
    if value is None or isinstance(value, str):
        return value[:limit] or None if value else None
    if isinstance(value, bool | int | float):
        return str(value)[:limit]
    return _encode(value).decode()[:limit]
