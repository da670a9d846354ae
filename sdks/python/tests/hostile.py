"""Objects that break whoever looks at them."""

from typing import Any, NoReturn


class Mute:
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no")


class BrokenMapping(dict[Any, Any]):
    """Has no items."""

    def items(self) -> NoReturn:
        raise RuntimeError("no")
