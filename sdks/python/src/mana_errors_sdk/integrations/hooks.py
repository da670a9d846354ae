"""Functions that are put in the place of others, and taken out again."""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, List, Tuple


class Hooks:
    """What one integration has replaced."""

    def __init__(self) -> None:
        self._replaced: List[Tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put what make gives for a function or method in its place, once."""
        original: Any = getattr(owner, name)
        if any(mine is original for *_, mine in self._replaced):
            return
        mine = wraps(original)(make(original))
        self._replaced.append((owner, name, original, mine))
        setattr(owner, name, mine)

    def take_out(self) -> None:
        """What somebody else has replaced since then stays, and only passes on."""
        while self._replaced:
            owner, name, original, mine = self._replaced.pop()
            if getattr(owner, name) is mine:
                setattr(owner, name, original)
