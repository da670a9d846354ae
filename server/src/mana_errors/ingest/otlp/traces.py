"""Requests to /v1/traces -> reports."""

from collections.abc import Iterator

from mana_errors.ingest.otlp.events import Occurrence, report_of
from mana_errors.ingest.otlp.reading import OtlpReading, Reports
from mana_errors.ingest.otlp.wire import Span, attributes_of, decode_traces, hex_of, number, plain
from mana_errors.model.event import JsonObject

# https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
_EXCEPTION = "exception"


def read_traces(body: bytes, content_type: bytes) -> OtlpReading:
    """The reports of a request: one of each exception that its spans recorded. Raises BadRequest,
    TooLarge."""
    reports = Reports()
    for group in decode_traces(body, content_type).resource_spans:
        resource = attributes_of(group.resource.attributes)
        for scoped in group.scope_spans:
            for span in scoped.spans:
                reports.see()
                for found in _occurrences(span, resource, scoped.scope.name):
                    reports.add(report_of(found))
    return reports.reading()


def _occurrences(span: Span, resource: JsonObject, scope: str) -> Iterator[Occurrence]:
    recorded = [event for event in span.events if event.name == _EXCEPTION]
    if not recorded:
        return
    of_span = attributes_of(span.attributes)
    for event in recorded:
        yield Occurrence(
            resource,
            plain(scope),
            attributes_of(event.attributes),
            of_span,
            plain(span.name),
            number(event.time_unix_nano),
            trace_id=hex_of(span.trace_id),
            span_id=hex_of(span.span_id),
            parent_span_id=hex_of(span.parent_span_id),
        )
