"""What the SDK says about itself: to the logger `mana_errors_sdk`, never to the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

LOGGER: Final = "mana_errors_sdk"


def warn(message: str) -> None:
    """Something that the program's author should change."""
    _logger().warning(message)


def debug(message: str) -> None:
    """Something that explains the SDK's behaviour, with the exception that is being handled."""
    _logger().debug(message, exc_info=True)


def _logger() -> logging.Logger:
    import logging

    return logging.getLogger(LOGGER)
