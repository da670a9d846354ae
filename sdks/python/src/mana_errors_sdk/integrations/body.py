"""A bounded copy of a request's body, made of what passes by on its way to the app."""

from __future__ import annotations

from typing import Dict, Final, Optional, cast

# Holds every form and nearly every JSON body that people write by hand or by form; a server
# stores at most 512 KiB for a whole event.
BODY_BYTES_MAX: Final = 32 * 1024

JsonObject = Dict[str, object]


class Body:
    """Collects the first bytes of a body; add() is all that happens while a request is served."""

    __slots__ = ("_chunks", "complete", "size")

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        # bytes that passed, kept or not
        self.size = 0
        # whether the end was seen
        self.complete = False

    def add(self, chunk: bytes) -> None:
        """The next bytes."""
        if chunk and self.size < BODY_BYTES_MAX:
            self._chunks.append(chunk[: BODY_BYTES_MAX - self.size])
        self.size += len(chunk)

    def read(self, content_type: str, length: int) -> Optional[JsonObject]:
        """What the body says, as an object; None where there was none. length: by the headers."""
        if not self.size and not length:
            return None
        kind = content_type.partition(";")[0].strip().lower()
        whole = self.complete and self.size <= BODY_BYTES_MAX
        value = _parse(b"".join(self._chunks), kind) if whole else None
        if value is None:
            # Part of a document may end amid a secret whose name was cut off, and files are not
            # what a person looks for: both are described.
            return {"body": f"[{kind or 'unknown type'}, {max(self.size, length)} bytes]"}
        return cast("JsonObject", value) if isinstance(value, dict) else {"body": value}


def _parse(data: bytes, kind: str) -> object:
    """None where the kind has no fields to hide secrets by, and is no plain text."""
    if kind == "application/json" or kind.endswith("+json"):
        return _parse_json(data)
    if kind == "application/x-www-form-urlencoded":
        return _parse_form(data)
    if kind == "text/plain":
        return data.decode("utf-8", "replace")
    return None


def _parse_json(data: bytes) -> object:
    import json

    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _parse_form(data: bytes) -> object:
    from urllib.parse import parse_qs

    try:
        fields = parse_qs(data.decode("utf-8", "replace"), keep_blank_values=True)
    except ValueError:
        return None
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
