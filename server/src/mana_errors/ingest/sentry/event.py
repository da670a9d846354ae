"""Sentry's event -> Report. docs/mapping.md is the table.

https://develop.sentry.dev/sdk/data-model/event-payloads/ says what SDKs send; every field is
taken for what it can be, so that one odd field costs itself and not the event.
"""

import re
from typing import Any, Final
from uuid import UUID

from mana_errors.errors import BadRequest, TooLarge
from mana_errors.ingest.decode import loads
from mana_errors.ingest.readable import readable_stack
from mana_errors.ingest.report import Report
from mana_errors.ingest.sentry import codes
from mana_errors.ingest.sentry.coerce import (
    as_list,
    as_object,
    as_text,
    name_of,
    objects,
    pairs,
    without_empty,
)
from mana_errors.ingest.sentry.envelope import read_id
from mana_errors.ingest.sentry.people import read_user
from mana_errors.ingest.sentry.request import read_request
from mana_errors.ingest.sentry.runs import browser_of, device_of, source_of
from mana_errors.ingest.sentry.stacks import read_exceptions, read_stack, read_threads
from mana_errors.ingest.sentry.text import fingerprint_of, message_of
from mana_errors.ingest.sentry.times import read_time
from mana_errors.model.event import MESSAGE_TYPE, JsonObject, Severity

# Sentry takes 1 MiB; SDKs that do not cut (@sentry/node's extra) send more, and a large event
# tells as much as a small one. What is kept of it is cut to size.
MAX_EVENT_BYTES: Final = 4 * 1024 * 1024

# Contract and ingest/report.py; in characters.
_MAX_TYPE: Final = 100
_MAX_RELEASE: Final = 250
_MAX_ENVIRONMENT: Final = 64
_MAX_NAME: Final = 500
MAX_TAGS: Final = 200
MAX_TAG_KEY: Final = 200
# Sentry keeps 200 characters; whole URLs and ids of several services are worth more.
MAX_TAG: Final = 1000
# A thread that crashed, of which nothing else is said.
CRASH_TYPE: Final = "Crash"
# What happened just before is what tells.
MAX_BREADCRUMBS: Final = 100
MAX_MODULES: Final = 500
MAX_IMAGES: Final = 500
_MAX_SDK_LIST: Final = 100

_LEVELS: Final = {
    "fatal": Severity.CRITICAL,
    "critical": Severity.CRITICAL,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "info": Severity.INFO,
    "log": Severity.INFO,
    "debug": Severity.DEBUG,
    "trace": Severity.DEBUG,
    # Python's numbers, which raven sends
    "50": Severity.CRITICAL,
    "40": Severity.ERROR,
    "30": Severity.WARNING,
    "20": Severity.INFO,
    "10": Severity.DEBUG,
}
_TRACE_NAMES: Final = (("traceId", "trace_id"), ("spanId", "span_id"), ("parentSpanId", "parent_span_id"))  # fmt: skip  # noqa: E501
_HEX: Final = re.compile(r"[0-9a-fA-F-]{1,36}")


def read_event(raw: bytes, *, event_id: UUID | None, address: str | None) -> Report:
    """The event of an envelope's item or of a store request. event_id: the envelope's, which
    beats its own. address: where the request came from. Raises BadRequest, TooLarge."""
    if len(raw) > MAX_EVENT_BYTES:
        raise TooLarge(f"the event is larger than {MAX_EVENT_BYTES} bytes")
    event = loads(raw)
    if not isinstance(event, dict):
        raise BadRequest("the event is no JSON object")
    return _report(as_object(event), event_id, address)


def _report(event: JsonObject, event_id: UUID | None, address: str | None) -> Report:
    exceptions, omitted = read_exceptions(event)
    main = exceptions[-1] if exceptions else {}
    message, template = message_of(event)
    request = read_request(event)
    contexts = _contexts(event)
    user_id, user = read_user(event, address)
    tags = _tags(event)
    payload = _payload(event, contexts) | without_empty(
        {
            "exceptions": exceptions,
            "omitted": omitted or None,
            "logEntry": template,
            "user": user,
            "request": request.pop("request", None),
        }
    )
    kind = name_of(main.get("type"), _MAX_TYPE) or _kind_without_type(main, message, payload)
    value = main.get("value")
    return Report(
        error_code=codes.code_of(main, contexts, event, tags) or kind,
        error_type=kind,
        message=(value if value is not None else message) or "",
        stack_trace=readable_stack(payload),
        source_type=source_of(event, contexts),
        user_id=user_id,
        response_status_code=_status(contexts),
        environment=name_of(event.get("environment"), _MAX_ENVIRONMENT),
        severity=_LEVELS.get((name_of(event.get("level"), 20) or "").lower(), Severity.ERROR),
        context=as_object(event.get("extra")) or None,
        fingerprint=fingerprint_of(event),
        browser_info=browser_of(contexts, request.get("user_agent")),
        device_info=device_of(contexts),
        occurred_at=read_time(event.get("timestamp")),
        id=event_id or read_id(event.get("event_id")),
        release=name_of(event.get("release"), _MAX_RELEASE),
        tags=tags or None,
        payload=payload or None,
        **request,
    )


def _kind_without_type(main: JsonObject, message: str | None, payload: JsonObject) -> str:
    if not message and any(thread.get("crashed") for thread in payload.get("threads", ())):
        return CRASH_TYPE
    return MESSAGE_TYPE if message or not main else "Error"


def _payload(event: JsonObject, contexts: JsonObject) -> JsonObject:
    trace = as_object(contexts.get("trace"))
    stack = read_stack(event.get("stacktrace") or event.get("sentry.interfaces.Stacktrace"))
    return without_empty(
        {
            "frames": stack.get("frames"),
            "omitted": stack.get("omitted"),
            "threads": read_threads(event),
            "breadcrumbs": _breadcrumbs(event),
            "contexts": contexts,
            "sdk": _sdk(event),
            "debugImages": objects(as_object(event.get("debug_meta")).get("images"))[:MAX_IMAGES],
            "modules": _modules(event),
            "transaction": name_of(event.get("transaction") or event.get("culprit"), _MAX_NAME),
            "logger": name_of(event.get("logger"), _MAX_NAME),
            "platform": name_of(event.get("platform"), _MAX_TYPE),
            "serverName": name_of(event.get("server_name"), _MAX_NAME),
            "dist": name_of(event.get("dist"), _MAX_NAME),
            "trace": without_empty(
                {ours: _hex(trace.get(theirs)) for ours, theirs in _TRACE_NAMES}
            ),
        }
    )


def _hex(value: Any) -> str | None:
    return value if isinstance(value, str) and _HEX.fullmatch(value) else None


def _contexts(event: JsonObject) -> JsonObject:
    said = as_object(event.get("contexts"))
    return {name: value for name, value in said.items() if value and isinstance(value, dict)}


def _tags(event: JsonObject) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs(event.get("tags")):
        text = name_of(value, MAX_TAG)
        if text is not None and len(found) < MAX_TAGS:
            found[name[:MAX_TAG_KEY]] = text
    return found


def _modules(event: JsonObject) -> dict[str, str]:
    said = list(as_object(event.get("modules")).items())[:MAX_MODULES]
    return {name: text for name, value in said if (text := name_of(value, _MAX_NAME))}


def _sdk(event: JsonObject) -> JsonObject:
    sdk = as_object(event.get("sdk"))
    packages = (
        f"{name_of(item.get('name'), _MAX_NAME)}@{name_of(item.get('version'), _MAX_NAME)}"
        for item in objects(sdk.get("packages"))[:_MAX_SDK_LIST]
    )
    integrations = as_list(sdk.get("integrations"))[:_MAX_SDK_LIST]
    return without_empty(
        {
            "name": name_of(sdk.get("name"), _MAX_NAME),
            "version": name_of(sdk.get("version"), _MAX_NAME),
            "packages": list(packages),
            "integrations": [text for item in integrations if (text := name_of(item, _MAX_NAME))],
        }
    )


def _breadcrumbs(event: JsonObject) -> list[JsonObject]:
    said = objects(event.get("breadcrumbs") or event.get("sentry.interfaces.Breadcrumbs"))
    return [_breadcrumb(crumb) for crumb in said[-MAX_BREADCRUMBS:]]


def _breadcrumb(crumb: JsonObject) -> JsonObject:
    return without_empty(
        {
            "at": read_time(crumb.get("timestamp")),
            "type": name_of(crumb.get("type"), _MAX_TYPE),
            "category": name_of(crumb.get("category"), _MAX_NAME),
            "message": as_text(crumb.get("message")),
            "level": name_of(crumb.get("level"), _MAX_TYPE),
            "data": as_object(crumb.get("data")),
        }
    )


def _status(contexts: JsonObject) -> int | None:
    status = as_object(contexts.get("response")).get("status_code")
    return status if type(status) is int and 100 <= status <= 599 else None  # noqa: PLR2004
