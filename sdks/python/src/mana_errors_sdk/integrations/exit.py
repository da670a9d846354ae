"""Delivers what is left when the program ends, within shutdown_timeout."""

from __future__ import annotations

import atexit
from typing import Callable, Final

from mana_errors_sdk.api import close

MODULE: Final = None


def install() -> Callable[[], None]:
    """Register with atexit."""
    atexit.register(close)
    return lambda: atexit.unregister(close)
