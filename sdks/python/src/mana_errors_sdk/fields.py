"""The contract's fields as Python writes them -> as the contract writes them, bounded."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Callable, Dict, Final, Mapping, TypedDict, cast

from mana_errors_sdk.diagnostics import warn
from mana_errors_sdk.values import JsonObject, cut, plain, text_of

# The contract's limit, in characters.
MAX_STACK_TRACE: Final = 50_000


class Fields(TypedDict, total=False):
    """What a report can say, in Python's names; the contract's own (errorCode) are taken, too."""

    error_code: str
    error_type: str
    message: str
    stack_trace: str
    app_id: str
    source_type: str
    service_name: str
    user_id: str
    session_id: str
    request_url: str
    request_method: str
    request_headers: Mapping[str, object]
    request_body: Mapping[str, object]
    response_status_code: int
    environment: str
    severity: str
    context: Mapping[str, object]
    fingerprint: str
    user_agent: str
    browser_info: Mapping[str, object]
    device_info: Mapping[str, object]
    occurred_at: datetime | str
    release: str
    tags: Mapping[str, object]
    payload: Mapping[str, object]


def contract_fields(given: Mapping[str, object]) -> JsonObject:
    """Copies, in JSON's types; None is left out, and what the contract does not know warned of."""
    fields: JsonObject = {}
    for name, value in given.items():
        known = _CONTRACT.get(name)
        if known is None:
            warn(f"a report has no field {name!r}")
        elif value is not None:
            field, convert = known
            fields[field] = convert(value)
    return fields


def _text(value: object) -> str:
    return cut(text_of(value))


def _stack(value: object) -> str:
    return cut(text_of(value), MAX_STACK_TRACE)


def _object(value: object) -> JsonObject:
    """An object; anything else stands below `value`, as the contract wants objects only."""
    known = plain(value)
    return cast("JsonObject", known) if isinstance(known, dict) else {"value": known}


def _tags(value: object) -> Dict[str, str]:
    return {name: _text(item) for name, item in _object(value).items()}


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        return _text(value)
    aware = value.astimezone(timezone.utc)
    return aware.isoformat()


_SEVERITIES: Final = frozenset({"debug", "info", "warning", "error", "critical"})
# logging's and Sentry's words
_OTHER_SEVERITIES: Final = {"fatal": "critical", "warn": "warning", "notset": "debug"}


def severity_of(level: object) -> str:
    """One of the contract's five, whatever it is called elsewhere."""
    name = text_of(level).lower()
    name = _OTHER_SEVERITIES.get(name, name)
    return name if name in _SEVERITIES else "error"


def _status(value: object) -> Any:
    return value if type(value) is int else int(text_of(value))


_CONVERTED: Final[Mapping[str, Callable[[object], Any]]] = {
    "stack_trace": _stack,
    "request_headers": _object,
    "request_body": _object,
    "response_status_code": _status,
    "severity": severity_of,
    "context": _object,
    "browser_info": _object,
    "device_info": _object,
    "occurred_at": _time,
    "tags": _tags,
    "payload": _object,
}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join([word.capitalize() for word in others])


# Python's and the contract's name of each field -> the contract's, and what makes JSON of it.
_CONTRACT: Final = {
    name: (_camel(field), _CONVERTED.get(field, _text))
    for field in Fields.__annotations__
    for name in (field, _camel(field))
}
