"""Bytes -> envelope: https://develop.sentry.dev/sdk/data-model/envelopes/

    headers LF (item-headers LF payload LF?)*

An item's payload is as long as its header says, or ends with the line.
"""

from typing import Any, Final, cast
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.ingest.decode import loads
from mana_errors.model.event import JsonObject

# Relay's limit is 100 for most types; streams of spans and logs come in containers.
MAX_ITEMS: Final = 1000
# The envelope's header holds the trace's context, whose values the app chooses; 8 KiB is what
# others allow.
MAX_HEADER_BYTES: Final = 64 * 1024
_MAX_KIND: Final = 64
_UUID_DIGITS: Final = 32
_ITEM_ENDS: Final = frozenset({b"", b"\n", b"\r"})


class Item(msgspec.Struct, frozen=True):
    """One item, undecoded."""

    # as the client wrote it; "" = not said
    kind: str
    # its place, from 1
    index: int
    header: JsonObject
    payload: bytes


class Envelope(msgspec.Struct, frozen=True):
    """An envelope as far as it can be read."""

    event_id: UUID | None
    dsn: str | None
    items: list[Item]
    # which item ended the reading, and why
    flaw: str | None = None


class _Flaw(Exception):
    """An item that cannot be told from what follows."""


def read_envelope(body: bytes) -> Envelope:
    """Raises BadRequest when even the header cannot be read."""
    if not body or body.isspace():
        raise BadRequest("the envelope is empty")
    line, position = _line(body, _skip_blank(body, 0))
    header = _header(line, "envelope header")
    items: list[Item] = []
    flaw = None
    try:
        while (position := _skip_blank(body, position)) < len(body):
            item, position = _item(body, position, len(items) + 1)
            items.append(item)
    except _Flaw as error:
        flaw = str(error)
    dsn = header.get("dsn")
    return Envelope(
        read_id(header.get("event_id")), dsn if isinstance(dsn, str) else None, items, flaw
    )


def read_id(value: Any) -> UUID | None:
    """An event id of 32 hex digits, with dashes or without; None for anything else, and for the
    one that means none."""
    if not isinstance(value, str):
        return None
    digits = value.strip().replace("-", "")
    if len(digits) != _UUID_DIGITS or not digits.isalnum() or not digits.isascii():
        return None
    try:
        found = UUID(digits)
    except ValueError:
        return None
    return found if found.int else None


def _item(body: bytes, position: int, index: int) -> tuple[Item, int]:
    if index > MAX_ITEMS:
        raise _Flaw(f"more than {MAX_ITEMS} items")
    line, start = _line(body, position)
    try:
        header = _header(line, f"item {index}: its header")
    except BadRequest as error:
        raise _Flaw(str(error)) from error
    kind = header.get("type")
    kind = kind[:_MAX_KIND] if isinstance(kind, str) else ""
    length = header.get("length")
    sized = type(length) is int
    if sized:
        end = start + length
        if not 0 <= length <= len(body) - start:
            there = len(body) - start
            raise _Flaw(f"item {index} ({kind}): {length} bytes promised, {there} there")
        if not length or body[end : end + 1] in _ITEM_ENDS:
            return Item(kind, index, header, body[start:end]), end
    payload, end = _line(body, start)
    # Counted in characters instead of bytes, a length is too short; JSON ends with its line.
    if sized and not payload.rstrip().endswith(b"}"):
        raise _Flaw(f"item {index} ({kind}): goes on behind its length of {length} bytes")
    return Item(kind, index, header, payload.removesuffix(b"\r")), end


def _line(body: bytes, start: int) -> tuple[bytes, int]:
    """What stands before the next line feed, and where the next line begins."""
    end = body.find(b"\n", start)
    return (body[start:], len(body)) if end == -1 else (body[start:end], end + 1)


def _skip_blank(body: bytes, position: int) -> int:
    while body[position : position + 1] in {b"\n", b"\r"}:
        position += 1
    return position


def _header(line: bytes, what: str) -> JsonObject:
    if len(line) > MAX_HEADER_BYTES:
        raise BadRequest(f"{what} is longer than {MAX_HEADER_BYTES} bytes")
    try:
        header: Any = loads(line) if line.strip() else {}
    except BadRequest as error:
        raise BadRequest(f"{what}: {error}") from error
    if not isinstance(header, dict):
        raise BadRequest(f"{what} is no JSON object")
    return cast("JsonObject", header)
