"""Ids of reports: UUID version 7 (RFC 9562), which carry the time of their error."""

from __future__ import annotations

import os
from typing import Final

_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62
_RANDOM_A: Final = 0xFFF << 64
_RANDOM_B: Final = (1 << 62) - 1


def uuid7(millis: int) -> str:
    """A new id for a time in milliseconds since 1970. Random bytes come from the kernel, so that
    forked processes never make the same."""
    random = int.from_bytes(os.urandom(10), "big")
    number = (millis << 80) | _VERSION | (random & _RANDOM_A) | _VARIANT | (random & _RANDOM_B)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
