"""OpenTelemetry's SDK: python app.py handled|unhandled|chained|logged

pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:3001 OTEL_SERVICE_NAME=billing python app.py chained
"""

import logging
import sys

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(spans)
logs = LoggerProvider()
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(logs)
logging.getLogger().addHandler(LoggingHandler(logger_provider=logs))
tracer = trace.get_tracer("shop")


def total(order):
    """Fails: there is no cart in the order."""
    return sum(order["cart"])


def handled():
    """Record and go on."""
    try:
        total({})
    except KeyError as error:
        trace.get_current_span().record_exception(error)


def unhandled():
    """Passes two spans, and is one event."""
    with tracer.start_as_current_span("total"):
        total({})


def chained():
    """A cause and what it led to."""
    try:
        total({})
    except KeyError as error:
        raise RuntimeError("cannot render the page") from error


def logged():
    """A log record of level error."""
    try:
        total({})
    except KeyError:
        logging.getLogger("shop").exception("no total")


if __name__ == "__main__":
    case = {"handled": handled, "unhandled": unhandled, "chained": chained, "logged": logged}[
        sys.argv[1]
    ]
    request = {"http.request.method": "GET", "url.path": f"/{sys.argv[1]}", "enduser.id": "u-1"}
    try:
        with tracer.start_as_current_span("GET /order", attributes=request):
            case()
    finally:
        spans.shutdown()
        logs.shutdown()
