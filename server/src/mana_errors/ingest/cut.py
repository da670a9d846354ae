"""Event -> Event whose free text fits the contract's limits. Cuts leave a mark and a note.

Runs after scrubbing: a secret that lies across a cut would not be recognised any more.
"""

from typing import Final

import msgspec

from mana_errors.model.event import Event, JsonObject

# Contract, section 2; in characters.
MAX_MESSAGE: Final = 5_000
MAX_STACK_TRACE: Final = 50_000
MAX_REQUEST_URL: Final = 2_000
MAX_USER_AGENT: Final = 500
MARK: Final = "…"


def cut(event: Event) -> Event:
    """The same object when nothing is too long; else `notes.cut` holds the original lengths."""
    if (
        len(event.message) <= MAX_MESSAGE
        and len(event.stack_trace or "") <= MAX_STACK_TRACE
        and len(event.request_url or "") <= MAX_REQUEST_URL
        and len(event.user_agent or "") <= MAX_USER_AGENT
    ):
        return event
    return _cut(event)


def _cut(event: Event) -> Event:
    changes: JsonObject = {}
    lengths: JsonObject = {}
    for field, name, limit in (
        ("message", "message", MAX_MESSAGE),
        ("stack_trace", "stackTrace", MAX_STACK_TRACE),
        ("request_url", "requestUrl", MAX_REQUEST_URL),
        ("user_agent", "userAgent", MAX_USER_AGENT),
    ):
        text: str | None = getattr(event, field)
        if text is not None and len(text) > limit:
            shorten = _middle if field == "stack_trace" else _end
            changes[field] = shorten(text, limit)
            lengths[name] = len(text)
    notes = {**(event.notes or {}), "cut": lengths}
    return msgspec.structs.replace(event, **changes, notes=notes)


def _end(text: str, limit: int) -> str:
    return text[: limit - len(MARK)] + MARK


def _middle(text: str, limit: int) -> str:
    # A stack's both ends matter: the failing call and how it got there.
    mark = f"\n{MARK} {len(text) - limit} characters cut {MARK}\n"
    half = (limit - len(mark)) // 2
    return text[:half] + mark + text[-half:]
