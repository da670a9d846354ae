"""Event -> Grouping: the contract's fingerprint, the hash that maps the event to its issue, and
what the issue is called. Pure and versioned.

The fingerprint is fixed for all time (protocol/README.md). The grouping hash is of
GROUPING_VERSION: what changes it for any event needs a new version, which aliases the old hashes.

A grouping hash covers the app and these components, in this order:

1. the client's fingerprint, when sent, with the hash of 2 in the place of each {{ default }};
2. else the error's code and type, the request's method and normalised path, and
   a. the stack signature: the app's own calls, or, without any, all that have a position;
   b. without such a stack the normalised message; of what is no exception, the message as well.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple, cast
from uuid import UUID

import msgspec

from mana_errors.digest.calls import is_unnamed, name_call
from mana_errors.digest.normalize import (
    normalize_file,
    normalize_message,
    normalize_path,
    url_path,
)
from mana_errors.model.event import MESSAGE_TYPE, Event, JsonObject
from mana_errors.model.grouping import Grouping
from mana_errors.model.stack import Frame, Stack

GROUPING_VERSION: Final = 1

# Deeper calls are the framework's way into the app, and differ where the problem does not.
SIGNATURE_FRAMES: Final = 50
# One line of an issue list.
MAX_TITLE: Final = 200
_HASH_BYTES: Final = 16
_DEFAULT: Final = re.compile(r"\{\{ ?default ?\}\}")

Components = tuple[tuple[str, str], ...]


class Telling(msgspec.Struct, frozen=True, gc=False):
    """What a stack says of where the problem is, whatever event it belongs to."""

    # failing call first
    signature: str
    # the app's own failing call; empty when a library failed
    culprit: str


def tell(stack: Stack | None) -> Telling | None:
    """The telling part of a stack; None when no frame has a position."""
    if stack is None or not (frames := _telling_frames(stack)):
        return None
    return Telling(_signature(frames, stack.language), _failing_call(frames[-1]))


def group(event: Event, telling: Telling | None) -> Grouping:
    """Everything that grouping says about one event."""
    request = _Request(
        event.app_id,
        event.error_code,
        event.error_type,
        event.request_method or "",
        url_path(event.request_url or ""),
    )
    components, grouping_hash = _default(request, _evidence(event, telling))
    if event.client_fingerprint:
        chosen = _DEFAULT.sub(grouping_hash.hex, event.client_fingerprint)
        components = (("client", chosen),)
        grouping_hash = _hash_components(event.app_id, components)
    return Grouping(
        fingerprint=event.client_fingerprint or _fingerprint(request),
        grouping_hash=grouping_hash,
        title=_title(event),
        culprit=_culprit(event, request.path, telling),
        components=components,
    )


class _Request(NamedTuple):
    """The contract's five fields."""

    app_id: str
    error_code: str
    error_type: str
    method: str
    path: str


def _evidence(event: Event, telling: Telling | None) -> Components:
    stack = () if telling is None else (("stack", telling.signature),)
    if stack and event.error_type != MESSAGE_TYPE:
        return stack
    # Of a message the stack says who logged it, and one function may log many things.
    return (*stack, ("message", _words(event)))


def _words(event: Event) -> str:
    entry = (event.payload or {}).get("logEntry")
    template = cast("JsonObject", entry).get("template") if isinstance(entry, dict) else None
    # The words as they stand in the code tell problems apart better than with values in them.
    return normalize_message(template if isinstance(template, str) else event.message)


# A storm asks the same thousands of times. An entry is some 2 KB of text.
@lru_cache(maxsize=2000)
def _fingerprint(request: _Request) -> str:
    """The contract's: five fields as 32 hex digits; one that is not there counts as empty."""
    fields = (request.error_code, request.error_type, request.app_id, request.path)
    return _hash((*fields, request.method)).hex()


@lru_cache(maxsize=2000)
def _default(request: _Request, evidence: Components) -> tuple[Components, UUID]:
    components = (
        ("code", request.error_code),
        ("type", request.error_type),
        ("method", request.method),
        ("path", normalize_path(request.path)),
        *evidence,
    )
    return components, _hash_components(request.app_id, components)


def _hash_components(app_id: str, components: Components) -> UUID:
    fields = [str(GROUPING_VERSION), app_id]
    for component in components:
        fields += component
    return UUID(bytes=_hash(fields))


def _hash(fields: Iterable[str]) -> bytes:
    """Each field as netstring, so that no two lists of fields are the same bytes.

    SHA-256, since PostgreSQL and browsers can compute it too.
    """
    encoded = [field.encode() for field in fields]
    text = b"".join([b"%d:%b," % (len(field), field) for field in encoded])
    return sha256(text).digest()[:_HASH_BYTES]


def _telling_frames(stack: Stack) -> list[Frame]:
    """The app's own calls that have a position, or all that have one."""
    positioned = [frame for frame in stack.frames if frame.line is not None]
    return [frame for frame in positioned if frame.in_app] or positioned


def _signature(frames: list[Frame], language: str) -> str:
    """Failing call first; a call repeated in a row stands once, so that depth does not matter."""
    calls: list[str] = []
    for frame in reversed(frames):
        call = name_call(language, frame.module or "", frame.file or "", frame.function or "")
        if not calls or calls[-1] != call:
            calls.append(call)
            if len(calls) == SIGNATURE_FRAMES:
                break
    return " | ".join(calls)


def _title(event: Event) -> str:
    summary = event.message.strip().partition("\n")[0].rstrip()
    return _cut(f"{event.error_type}: {summary}" if summary else event.error_type)


def _failing_call(frame: Frame) -> str:
    if not frame.in_app:
        return ""
    place = normalize_file(frame.file or "") or frame.module or ""
    function = frame.function or ""
    return place if is_unnamed(function) else f"{place} in {function}"


def _culprit(event: Event, request_path: str, telling: Telling | None) -> str:
    """Where it failed: the call, else the request, else the service."""
    if telling is not None and telling.culprit:
        return _cut(telling.culprit)
    transaction = (event.payload or {}).get("transaction")
    if isinstance(transaction, str):
        return _cut(transaction)
    if request_path:
        path = normalize_path(request_path)
        return _cut(f"{event.request_method} {path}" if event.request_method else path)
    return _cut(event.service_name or "")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"
