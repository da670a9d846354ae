"""OTLP requests of careless exporters -> reports: one odd field costs itself."""

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mana_errors.ingest.otlp.logs import read_logs
from mana_errors.ingest.otlp.traces import read_traces
from mana_errors.ingest.report import Report
from mana_errors.ingest.routes import Wire, find_route
from mana_errors.model.event import Severity

TRACE = "0af7651916cd43dd8448eb211c80319c"


def text(value: str) -> dict[str, str]:
    return {"stringValue": value}


def logged(**record: Any) -> Report:
    """The report of one record, which stands before a good one."""
    records = [{"body": text("first"), **record}, {"severityNumber": 17, "body": text("second")}]
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    reports = read_logs(json.dumps(request).encode(), b"application/json").reports
    assert [report.message for report in reports] == ["first", "second"]
    return reports[0]


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ({"severityNumber": 17}, Severity.ERROR),
        ({"severityNumber": "21"}, Severity.CRITICAL),
        ({"severityNumber": "SEVERITY_NUMBER_FATAL2"}, Severity.CRITICAL),
        ({"severityNumber": None, "severityText": "Error"}, Severity.ERROR),
        ({"severityNumber": 0, "severityText": "emerg"}, Severity.CRITICAL),
    ],
)
def test_severity_by_number_name_or_text(said: dict[str, Any], severity: Severity) -> None:
    """Whichever an exporter writes."""
    assert logged(**said).severity == severity


@pytest.mark.parametrize(
    ("nanoseconds", "iso"),
    [
        (1795633179000000000, "2026-11-25T18:59:39+00:00"),
        ("1795633179000001000", "2026-11-25T18:59:39.000001+00:00"),
        (1.795633179e18, "2026-11-25T18:59:39+00:00"),
        ("soon", None),
        (-5, None),
        ([], None),
    ],
)
def test_times(nanoseconds: object, iso: str | None) -> None:
    """Numbers, also as text; what is no time is left out."""
    assert logged(severityNumber=17, timeUnixNano=nanoseconds).occurred_at == iso


@pytest.mark.parametrize(
    ("said", "trace"),
    [
        (TRACE.upper(), TRACE),
        (TRACE, TRACE),
        ("0" * 32, None),
        (5, None),
        (None, None),
        ("!", None),
    ],
)
def test_ids_of_traces(said: object, trace: str | None) -> None:
    """Hex in any letter case."""
    payload = logged(severityNumber=17, traceId=said).payload or {}
    assert payload.get("trace", {}).get("traceId") == trace


@pytest.mark.parametrize(
    ("escaped", "handled"),
    [
        ({"boolValue": True}, False),
        (text("True"), False),
        (text("False"), None),
        ({"arrayValue": {"values": [{"boolValue": True}]}}, None),
        ({"kvlistValue": {"values": []}}, None),
    ],
)
def test_an_exception_that_escaped_was_not_handled(
    escaped: dict[str, Any], *, handled: bool | None
) -> None:
    """What is no yes is a no."""
    attributes = [
        {"key": "exception.type", "value": text("Declined")},
        {"key": "exception.escaped", "value": escaped},
    ]
    report = logged(severityNumber=17, attributes=attributes)
    assert report.payload is not None
    mechanism = report.payload["exceptions"][0].get("mechanism", {})
    assert mechanism.get("handled") is handled


def test_nul_has_no_place_in_any_name() -> None:
    """Protobuf's strings may hold it, PostgreSQL's may not."""
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    scoped.scope.name = "shop\0"
    span = scoped.spans.add(name="POST \0", trace_id=bytes.fromhex(TRACE))
    event = span.events.add(name="exception")
    for name in ("exception.type", "exception.message", "x\0"):
        event.attributes.add(key=name).value.string_value = "a\0"
    (report,) = read_traces(request.SerializeToString(), b"application/x-protobuf").reports
    assert "\\u0000" not in json.dumps([report.payload, report.message, report.error_type])
    assert (report.payload or {})["transaction"] == "POST \ufffd"


@pytest.mark.parametrize("kind", [Wire.LOGS, Wire.TRACES])
def test_exporters_of_sentrys_users_find_their_paths(kind: Wire) -> None:
    """By app, as Sentry has them."""
    route = find_route(f"/api/42/integration/otlp/v1/{kind}".encode())
    assert route is not None
    assert (route.wire, route.number) == (kind, 42)
