"""Sentry's times -> ISO 8601."""

from datetime import UTC, datetime
from typing import Any, Final

# Years 1970 to 9999.
_LATEST: Final = 253_402_300_799.0
# Seconds since 1970 stay below it for 3,000 years: larger numbers are milliseconds.
_MILLIS: Final = 100_000_000_000.0


def read_time(value: Any) -> str | None:
    """ISO 8601 in UTC, from a number of seconds or from text; None for what is no time."""
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


def _from_text(text: str) -> str | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        try:
            return _from_number(float(text[:40]))
        except ValueError:
            return None
    try:
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        return None
    return time.isoformat()


def _from_number(seconds: float) -> str | None:
    if seconds > _MILLIS:
        seconds /= 1000
    if not 0 <= seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()
