"""Requests to /v1/logs -> reports."""

from mana_errors.ingest.otlp.events import Occurrence, is_exception, report_of, severity_of
from mana_errors.ingest.otlp.reading import OtlpReading, Reports
from mana_errors.ingest.otlp.wire import Log, attributes_of, decode_logs, hex_of, number, plain
from mana_errors.model.event import JsonObject, Severity


def read_logs(body: bytes, content_type: bytes) -> OtlpReading:
    """The reports of a request: records of exceptions, and those of level error or worse. Raises
    BadRequest, TooLarge."""
    reports = Reports()
    for group in decode_logs(body, content_type).resource_logs:
        resource = attributes_of(group.resource.attributes)
        for scoped in group.scope_logs:
            for record in scoped.log_records:
                reports.see()
                found = _occurrence(record, resource, scoped.scope.name)
                if found is not None:
                    reports.add(report_of(found))
    return reports.reading()


def _occurrence(record: Log, resource: JsonObject, scope: str) -> Occurrence | None:
    said = record.severity_number
    # Some write the enum's name: SEVERITY_NUMBER_ERROR
    severity = severity_of(number(said), record.severity_text or str(said))
    is_error = severity.rank >= Severity.ERROR.rank
    if not is_error and not any(item.key.startswith("exception.") for item in record.attributes):
        return None
    attributes = attributes_of(record.attributes)
    if not is_error and not is_exception(attributes):
        return None
    return Occurrence(
        resource,
        plain(scope),
        attributes,
        {},
        "",
        number(record.time_unix_nano) or number(record.observed_time_unix_nano),
        body=plain(record.body),
        severity=severity,
        trace_id=hex_of(record.trace_id),
        span_id=hex_of(record.span_id),
    )
