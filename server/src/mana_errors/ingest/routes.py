"""Which paths take events, in which wire form."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from mana_errors.model.event import Protocol

REPORT_PATH: Final = "/api/v1/errors"
BATCH_PATH: Final = "/api/v1/errors/batch"

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB
# Longer paths are nobody's.
_MAX_PATH: Final = 512
_REMEMBERED: Final = 1024


class Wire(StrEnum):
    """A wire form of requests."""

    REPORT = "report"
    BATCH = "batch"
    ENVELOPE = "envelope"
    STORE = "store"
    SECURITY = "security"
    LOGS = "logs"
    TRACES = "traces"


class Route(msgspec.Struct, frozen=True):
    """What a path says of its requests."""

    wire: Wire
    # the app's, of a DSN
    number: int | None = None

    @property
    def protocol(self) -> Protocol:
        """Whose wire form it is."""
        return _PROTOCOLS[self.wire]

    @property
    def limit(self) -> int:
        """Most bytes of a body, before and after decompression."""
        return _LIMITS[self.wire]


_PROTOCOLS: Final = {
    Wire.REPORT: Protocol.NATIVE,
    Wire.BATCH: Protocol.NATIVE,
    Wire.ENVELOPE: Protocol.SENTRY,
    Wire.STORE: Protocol.SENTRY,
    Wire.SECURITY: Protocol.SENTRY,
    Wire.LOGS: Protocol.OTLP,
    Wire.TRACES: Protocol.OTLP,
}
_LIMITS: Final = {
    Wire.REPORT: _MIB,
    Wire.BATCH: 10 * _MIB,
    # Sentry takes 200 MiB, nearly all of it attachments and recordings, which are not kept here.
    Wire.ENVELOPE: 20 * _MIB,
    # One event; sentry/event.py has the same limit for an item of an envelope.
    Wire.STORE: 4 * _MIB,
    # A browser's report is some kilobytes; Reporting API bodies hold several.
    Wire.SECURITY: _MIB,
    # The collector sends batches of 8,192 records of about 1 KiB.
    Wire.LOGS: 16 * _MIB,
    Wire.TRACES: 16 * _MIB,
}

REPORT: Final = Route(Wire.REPORT)
_FIXED: Final = {
    REPORT_PATH: REPORT,
    BATCH_PATH: Route(Wire.BATCH),
    # For `tunnel` in a web page's SDK: same host as the page, so that no blocker minds. The
    # envelope says whose it is.
    "/api/tunnel": Route(Wire.ENVELOPE),
    "/v1/logs": Route(Wire.LOGS),
    "/v1/traces": Route(Wire.TRACES),
}
# A DSN may have a path in front, which a proxy may leave there. OpenTelemetry's paths are Sentry's,
# too.
_SENTRY: Final = re.compile(
    r"(?:/[^/]*)*?/api/([0-9]{1,18})/"
    r"(?:(envelope|store|security)|integration/otlp/v1/(logs|traces))"
)


@lru_cache(_REMEMBERED)
def find_route(path: bytes) -> Route | None:
    """The route of a request's path, with or without a slash at its end; None if it is no such."""
    if len(path) > _MAX_PATH:
        return None
    text = path.decode("latin-1").removesuffix("/")
    if (fixed := _FIXED.get(text)) is not None:
        return fixed
    match = _SENTRY.fullmatch(text)
    return Route(Wire(match[2] or match[3]), int(match[1])) if match else None
