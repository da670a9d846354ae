"""What stands in the place of a secret, and the secrets of one report that were found so far."""

from __future__ import annotations

import re
from typing import Final, Set

MARKER: Final = "[scrubbed]"
# More is somebody's data, not secrets.
MAX_REMEMBERED: Final = 50
# Shorter values, and words, stand in too many innocent places.
_LEAST: Final = 6
_LEAST_WORD: Final = 8
_MOST: Final = 500
# Of a header with many cookies.
_MOST_PARTS: Final = 8192
_JOINTS: Final = re.compile(r"[;,&=\s]+")
_QUOTES: Final = "'\"`"
_TELLING: Final = re.compile(r"[^a-zA-Z]")


class Hidden:
    """Values that were hidden in one place: where they stand elsewhere they are secret, too."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: Set[str] = set()

    def remember(self, value: str) -> None:
        """A value, and the parts of one like "Bearer …" or "theme=dark; sid=…"."""
        value = value.strip().strip(_QUOTES)
        self._add(value, _LEAST)
        if len(value) <= _MOST_PARTS and _JOINTS.search(value):
            for part in _JOINTS.split(value):
                if _TELLING.search(part):
                    self._add(part, _LEAST_WORD)

    def _add(self, value: str, least: int) -> None:
        least = least if _TELLING.search(value) else _LEAST_WORD
        if least <= len(value) <= _MOST and len(self.values) < MAX_REMEMBERED:
            self.values.add(value)
