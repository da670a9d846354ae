"""Event -> event whose record is small enough: what tells least goes first, with a note.

Runs after scrubbing, like cut.py: a secret that lies across a cut would not be recognised.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

from mana_errors.model.event import Event, JsonObject
from mana_errors.store.spool.format import encode_event

# Of a record. Sentry takes events of 1 MiB; the largest of the recorded ones (999 frames with
# their variables, 338 KB of extra) fit, or nearly so.
MAX_EVENT_BYTES: Final = 512 * 1024
# Of a text that does not fit: its beginning and its end.
MAX_TEXT: Final = 2000
MARK: Final = "…"
_OBJECTS: Final = (
    "payload",
    "context",
    "request_body",
    "request_headers",
    "browser_info",
    "device_info",
    "tags",
)
_HOLDERS: Final = ("exceptions", "threads")

Step = Callable[[Event], Event]


def shrink(event: Event) -> bytes:
    """The record of an event, at most MAX_EVENT_BYTES if it has a payload; `notes.leftOut` says
    what went. Raises OverflowError for integers beyond 64 bits."""
    encoded = encode_event(event)
    gone: list[str] = []
    for name, step in _STEPS:
        if len(encoded) <= MAX_EVENT_BYTES or event.payload is None:
            return encoded
        smaller = step(event)
        gone.append(name)
        event = msgspec.structs.replace(smaller, notes={**(event.notes or {}), "leftOut": gone})
        encoded = encode_event(event)
    return encoded


def _without_long_texts(event: Event) -> Event:
    changes = {name: _shortened(getattr(event, name)) for name in _OBJECTS}
    return msgspec.structs.replace(event, **changes)


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        half = MAX_TEXT // 2
        return value if len(value) <= MAX_TEXT else f"{value[:half]}{MARK}{value[-half:]}"
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in cast("JsonObject", value).items()}
    if isinstance(value, list):
        return [_shortened(item) for item in cast("list[Any]", value)]
    return value


def _without_in_frames(*names: str) -> Step:
    def step(event: Event) -> Event:
        payload = event.payload or {}
        changes = {
            holder: [_bare(item) for item in _objects(payload.get(holder))] for holder in _HOLDERS
        }
        return _with_payload(event, {**payload, **{k: v for k, v in changes.items() if v}})

    def _bare(holder: JsonObject) -> JsonObject:
        frames = _objects(holder.get("frames"))
        bare = [{k: v for k, v in frame.items() if k not in names} for frame in frames]
        return {**holder, "frames": bare} if frames else holder

    return step


def _without(*names: str) -> Step:
    def step(event: Event) -> Event:
        payload = {k: v for k, v in (event.payload or {}).items() if k not in names}
        return _with_payload(event, payload)

    return step


def _without_objects(event: Event) -> Event:
    return msgspec.structs.replace(event, context=None, request_body=None, tags=None)


def _with_payload(event: Event, payload: JsonObject) -> Event:
    return msgspec.structs.replace(event, payload=payload)


def _objects(value: Any) -> list[JsonObject]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("JsonObject", item) for item in items if isinstance(item, dict)]


_STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("long texts", _without_long_texts),
    ("local variables", _without_in_frames("vars")),
    ("source lines", _without_in_frames("preContext", "postContext")),
    ("threads and modules", _without("threads", "modules")),
    ("context, body and tags", _without_objects),
    ("breadcrumbs and contexts", _without("breadcrumbs", "contexts", "request", "user")),
    ("payload", lambda event: msgspec.structs.replace(event, payload=None, request_headers=None)),
)
