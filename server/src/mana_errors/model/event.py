"""One reported error, as it travels from the 201 to its row."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

# JSON as decoded by msgspec: a stranger wrote it, so nothing narrower than Any can be promised
JsonObject = dict[str, Any]
# The error_type of what Sentry's SDKs send as a message or from a log, without an exception.
MESSAGE_TYPE: Final = "Message"


class SourceType(StrEnum):
    """Where an app runs."""

    BACKEND = "backend"
    FRONTEND_WEB = "frontend_web"
    FRONTEND_MOBILE = "frontend_mobile"


class Environment(StrEnum):
    """The contract's deployment stages. Apps may name others (Event.environment)."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"

    @staticmethod
    def of(name: str) -> "Environment | None":
        """The stage that an app's own name for it stands for; None for "canary" and the like."""
        return _STAGES.get(name.lower())


class Severity(StrEnum):
    """How bad, from least to worst."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position in the order, 0 = debug."""
        return _SEVERITY_RANK[self]


_STAGES = {
    **{stage.value: stage for stage in Environment},
    **dict.fromkeys(("dev", "local", "localhost"), Environment.DEVELOPMENT),
    **dict.fromkeys(("stage", "preprod", "pre-production"), Environment.STAGING),
    **dict.fromkeys(("prod", "live"), Environment.PRODUCTION),
}
_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Protocol(StrEnum):
    """Wire form that an event arrived in."""

    NATIVE = "native"
    SENTRY = "sentry"
    OTLP = "otlp"


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One reported error: a row of error_logs.error_logs.

    Fields travel by position through the spool, so a new field goes to the end and has a
    default: a new release must read what an old one left behind.
    """

    id: UUID
    # UTC, within [received_at - retention, received_at + 1 h]
    occurred_at: datetime
    received_at: datetime
    app_id: str
    error_code: str
    error_type: str
    message: str
    protocol: Protocol = Protocol.NATIVE
    severity: Severity = Severity.ERROR
    stack_trace: str | None = None
    source_type: SourceType | None = None
    service_name: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    request_url: str | None = None
    request_method: str | None = None
    request_headers: JsonObject | None = None
    request_body: JsonObject | None = None
    response_status_code: int | None = None
    # any name; the contract's column holds the stage that it stands for
    environment: str | None = None
    context: JsonObject | None = None
    # what the client sent; the contract's computed one is made when grouping
    client_fingerprint: str | None = None
    user_agent: str | None = None
    browser_info: JsonObject | None = None
    device_info: JsonObject | None = None
    release: str | None = None
    # the client chose the id, so the same event may arrive again
    resendable: bool = False
    # occurred_at follows from the client's bytes alone: a resend has the same one
    dated: bool = False
    # what we changed and why, shown with the event: {"cut": {"message": 7312}, "occurredAt": "…"}
    notes: JsonObject | None = None
    tags: dict[str, str] | None = None
    # what the wire says beyond the contract's columns, in the shape that docs/mapping.md describes
    payload: JsonObject | None = None
