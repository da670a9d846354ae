"""OpenTelemetry's protocol over HTTP, read: https://opentelemetry.io/docs/specs/otlp/. Pure."""
