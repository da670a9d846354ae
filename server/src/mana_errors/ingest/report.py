"""What every protocol is decoded into: the contract's fields, types and limits."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.event import JsonObject, Severity, SourceType

# The contract and what is seen in the wild (contract §2); identifiers longer than that are refused.
Code = Annotated[str, Meta(max_length=100)]
AppId = Annotated[str, Meta(max_length=50)]
Name = Annotated[str, Meta(max_length=100)]
Method = Annotated[str, Meta(max_length=10)]
Fingerprint = Annotated[str, Meta(max_length=256)]
# Sentry's limit for a release name, so that one name fits both protocols.
Release = Annotated[str, Meta(max_length=250)]
HttpStatus = Annotated[int, Meta(ge=100, le=599)]
# Sentry's limit; the contract's three are stages, and apps have "test" and "canary" too.
EnvironmentName = Annotated[str, Meta(max_length=64)]


class Report(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """One report, as the contract's POST /api/v1/errors takes it, and as every other protocol is
    read into."""

    error_code: Code
    error_type: Code
    message: str
    stack_trace: str | None = None
    app_id: AppId | None = None
    source_type: SourceType | None = None
    service_name: Name | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    request_url: str | None = None
    request_method: Method | None = None
    request_headers: JsonObject | None = None
    request_body: JsonObject | None = None
    response_status_code: HttpStatus | None = None
    environment: EnvironmentName | None = None
    severity: Severity | None = None
    context: JsonObject | None = None
    fingerprint: Fingerprint | None = None
    user_agent: str | None = None
    browser_info: JsonObject | None = None
    device_info: JsonObject | None = None
    occurred_at: str | None = None
    # ours: idempotency id, and the app's version
    id: UUID | None = None
    release: Release | None = None
    tags: dict[str, str] | None = None
    # in the shape that docs/mapping.md describes; bounded before it is stored
    payload: JsonObject | None = None
