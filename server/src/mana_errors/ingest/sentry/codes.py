"""Error codes that clients name: ENOENT, P2002, VALIDATION_FAILED."""

import re
from collections.abc import Iterator
from typing import Any, Final

from mana_errors.ingest.sentry.coerce import as_object
from mana_errors.model.event import JsonObject

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}")
_NAMES: Final = ("code", "error_code", "errorCode")


def code_of(
    main: JsonObject, contexts: JsonObject, event: JsonObject, tags: dict[str, str]
) -> str | None:
    """The code of an exception, from the places where SDKs put it."""
    for value in _said(main, contexts, event, tags):
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
        # PHP's exceptions all have a code, and 0 where nobody gave one.
        if type(value) is int and value:
            return str(value)
    return None


def _said(
    main: JsonObject, contexts: JsonObject, event: JsonObject, tags: dict[str, str]
) -> Iterator[Any]:
    mechanism = as_object(main.get("mechanism"))
    meta = as_object(mechanism.get("meta"))
    # Native crashes and system calls, by name.
    yield as_object(meta.get("errno")).get("name")
    yield as_object(meta.get("signal")).get("name")
    # @sentry/node takes them off the errors of system calls.
    yield as_object(contexts.get("node_system_error")).get("code")
    # What the SDKs' "extra error data" integrations collect from the exception itself.
    of_error = as_object(contexts.get(main.get("type") or ""))
    for place in (of_error, as_object(mechanism.get("data")), as_object(event.get("extra")), tags):
        for name in _NAMES:
            yield place.get(name)
