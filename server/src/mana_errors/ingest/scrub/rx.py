"""RE2, typed: linear time on whatever a stranger wrote. google-re2 ships no types.

Bytes only: for a str the library encodes the whole text again at every call.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs] - typed below

_re2: Final[Any] = re2


class Match(Protocol):
    """The part of re.Match[bytes] that is used here."""

    def group(self, group: int = 0, /) -> bytes:
        """Text of a group that took part in the match."""
        ...

    def start(self, group: int = 0, /) -> int:
        """Index of a group's first byte."""
        ...

    def end(self, group: int = 0, /) -> int:
        """Index behind a group's last byte."""
        ...


class Pattern(Protocol):
    """The part of re.Pattern[bytes] that is used here."""

    def search(self, text: bytes, pos: int = 0, /) -> Match | None:
        """The leftmost match at or behind pos."""
        ...

    def match(self, text: bytes, pos: int = 0, /) -> Match | None:
        """The match that starts at pos."""
        ...

    def sub(self, replacement: Callable[[Match], bytes], text: bytes, /) -> bytes:
        """The text with every match replaced."""
        ...


def compile_pattern(pattern: str) -> Pattern:
    """A compiled RE2 pattern."""
    return cast("Pattern", _re2.compile(pattern))


def compile_set(patterns: list[str]) -> Callable[[bytes], list[int]]:
    """A search for many patterns in one pass over bytes: indexes of those that occur."""
    searched = _re2.Set.SearchSet()
    for pattern in patterns:
        searched.Add(pattern)
    searched.Compile()
    match = cast("Callable[[bytes], list[int] | None]", searched.Match)
    return lambda text: match(text) or []
