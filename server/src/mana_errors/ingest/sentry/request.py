"""Sentry's request interface -> columns and payload."""

from typing import Any, Final
from urllib.parse import urlencode

from mana_errors.errors import BadRequest
from mana_errors.ingest.decode import loads
from mana_errors.ingest.sentry.coerce import (
    as_list,
    as_object,
    as_text,
    name_of,
    pairs,
    without_empty,
)
from mana_errors.model.event import JsonObject

# Servers refuse larger heads.
MAX_PAIRS: Final = 200
_MAX_METHOD: Final = 10
_USER_AGENT: Final = "user-agent"


def read_request(event: JsonObject) -> JsonObject:
    """Arguments of a Report: request_url, request_method, request_headers, request_body and
    user_agent; and `request` for the payload."""
    said = as_object(event.get("request") or event.get("sentry.interfaces.Http"))
    if not said:
        return {}
    headers = _texts(said.get("headers"))
    agent = next((text for name, text in headers.items() if name.lower() == _USER_AGENT), None)
    body: Any = said.get("data")
    rest = {
        "query": _query(said.get("query_string")),
        "fragment": as_text(said.get("fragment")),
        "cookies": _cookies(said.get("cookies")),
        "env": as_object(said.get("env")),
    }
    return {
        "request_url": as_text(said.get("url")),
        "request_method": name_of(said.get("method"), _MAX_METHOD),
        "request_headers": headers or None,
        "request_body": None if body in (None, "", [], {}) else _body(body),
        "user_agent": agent,
        "request": without_empty(rest),
    }


def _body(body: Any) -> JsonObject:
    """An object as it is, also from its JSON; @sentry/node sends bodies as text."""
    if isinstance(body, str) and body.lstrip()[:1] == "{":
        try:
            body = loads(body.encode())
        except BadRequest:
            # cut off by the SDK
            return {"body": body}
    return as_object(body) or {"body": body}


def _texts(value: Any) -> JsonObject:
    texts: JsonObject = {}
    for name, said in list(pairs(value))[:MAX_PAIRS]:
        text = ", ".join(map(str, as_list(said))) if isinstance(said, list) else as_text(said)
        texts[name] = f"{texts[name]}, {text}" if name in texts else text
    return texts


def _cookies(value: Any) -> JsonObject | str | None:
    return as_text(value) if isinstance(value, str) else _texts(value)


def _query(value: Any) -> str | None:
    if isinstance(value, str):
        return value.removeprefix("?") or None
    said = [(name, as_text(text) or "") for name, text in list(pairs(value))[:MAX_PAIRS]]
    return urlencode(said) if said else None
