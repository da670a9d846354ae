"""What scrubbing one event may cost, and what it has found: a stranger's report must not keep a
worker busy."""

import re
from typing import Final

# What things cost, in units of about 4 µs.
STRING: Final = 1
NAME: Final = 2
FINDING: Final = 10
# About 100 ms. Honest reports need some dozens, a runaway recursion with all its variables some
# thousands; a mebibyte of hostile text needed four seconds.
MOST: Final = 25_000
# Hidden values that are looked for in the rest of the event; more is somebody's data, not secrets.
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


class TooMuch(Exception):
    """The effort is used up: what is not looked through yet must be hidden as a whole."""


class Effort:
    """What is left for one event, and what was hidden so far. Counted, not timed, so that
    scrubbing stays a pure function."""

    __slots__ = ("_left", "hidden")

    def __init__(self) -> None:
        self._left = MOST
        self.hidden: set[str] = set()

    def spend(self, units: int) -> None:
        """Raises TooMuch when nothing is left, from then on always."""
        self._left -= units
        if self._left < 0:
            raise TooMuch

    def remember(self, value: str) -> None:
        """A value was hidden; where it stands elsewhere in the event it is secret, too."""
        # Python's repr() of a local variable
        value = value.strip().strip(_QUOTES)
        self._add(value)
        if len(value) <= _MOST_PARTS and _JOINTS.search(value):
            # "Bearer …", "theme=dark; sid=…": what is in it is secret alone, too
            for part in _JOINTS.split(value):
                if _TELLING.search(part):
                    self._add(part, _LEAST_WORD)

    def _add(self, value: str, least: int = _LEAST) -> None:
        least = least if _TELLING.search(value) else _LEAST_WORD
        if least <= len(value) <= _MOST and len(self.hidden) < MAX_REMEMBERED:
            self.hidden.add(value)
