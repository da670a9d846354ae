"""How much work one event may cause here: a stranger's report must not keep a worker busy."""

from typing import Final

# What things cost, in units of about 4 µs.
STRING: Final = 1
NAME: Final = 2
FINDING: Final = 10
# About 50 ms. Honest reports need some dozens; a mebibyte of hostile text needed four seconds.
MOST: Final = 12_000


class TooMuch(Exception):
    """The effort is used up: what is not looked through yet must be hidden as a whole."""


class Effort:
    """What is left for one event. Counted, not timed, so that scrubbing stays a pure function."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MOST

    def spend(self, units: int) -> None:
        """Raises TooMuch when nothing is left, from then on always."""
        self._left -= units
        if self._left < 0:
            raise TooMuch
