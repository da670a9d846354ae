"""Values of fields that are no text: numbers, times, choices."""

import re
from datetime import UTC, date, datetime
from typing import Final

from mana_errors.errors import SearchSyntax
from mana_errors.model.event import Severity
from mana_errors.model.search.fields import Field, Kind
from mana_errors.model.search.tree import Ago, Day, Value

# A bigint holds any number of so many digits.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
# 99,999 weeks ago the calendar was in its second century.
_AGO: Final = re.compile(r"-([0-9]{1,5})([mhdw])")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_value(field: Field, text: str, at: int) -> Value:
    """The typed value. Raises SearchSyntax, at the value."""
    if field.kind is Kind.NUMBER:
        return _number(field, text, at)
    if field.kind is Kind.TIME:
        return _time(field, text, at)
    choice = text.lower()
    if choice not in field.choices:
        allowed = ", ".join(field.choices)
        raise SearchSyntax(f"{field.name} is one of {allowed}", at)
    return Severity(choice) if field.kind is Kind.RANK else choice


def _number(field: Field, text: str, at: int) -> int:
    if not _NUMBER.fullmatch(text):
        raise SearchSyntax(f"{field.name} takes a whole number, as 100 or >100", at)
    return int(text)


def _time(field: Field, text: str, at: int) -> Day | datetime | Ago:
    if (ago := _AGO.fullmatch(text)) and int(ago[1]):
        return Ago(int(ago[1]), ago[2])
    try:
        if _DAY.fullmatch(text):
            return Day(date.fromisoformat(text))
        time = datetime.fromisoformat(text.upper())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        reason = f"{field.name} takes a time, as >2026-01-31, <2026-01-31T12:00Z or >-24h"
        raise SearchSyntax(reason, at) from error
