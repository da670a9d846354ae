"""What an export of events has: which columns, in which form."""

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from mana_errors.errors import BadRequest
from mana_errors.model.query import EventQuery
from mana_errors.model.reading import EventSummary


class ExportFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    # one JSON object a line
    JSONL = "jsonl"


MEDIA_TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/jsonl",
}
COLUMNS: Final = tuple(EventSummary.__struct_encode_fields__)
# What a spreadsheet takes for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class ExportQuery(EventQuery, frozen=True, rename="camel", kw_only=True):
    """Which events, and how they are written."""

    format: ExportFormat = ExportFormat.CSV
    columns: Annotated[
        tuple[Annotated[str, Meta(max_length=50, examples=["message"])], ...],
        Meta(max_length=50, description=f"Comma-separated: of {', '.join(COLUMNS)}. Default: all."),
    ] = ()


class Exporter:
    """Events -> bytes of a file, some at a time."""

    def __init__(self, query: ExportQuery) -> None:
        """Raises BadRequest for a column that there is not."""
        unknown = [name for name in query.columns if name not in COLUMNS]
        if unknown:
            raise BadRequest(f"columns: there is no {unknown[0]!r}")
        self._columns = query.columns or COLUMNS
        self._format = query.format

    def head(self) -> bytes:
        """What stands before the first event."""
        return _csv([self._columns]) if self._format is ExportFormat.CSV else b""

    def rows(self, events: Sequence[EventSummary]) -> bytes:
        """The events, one a line."""
        objects = [msgspec.to_builtins(event) for event in events]
        if self._format is ExportFormat.CSV:
            return _csv([[_cell(item[name]) for name in self._columns] for item in objects])
        lines = [{name: item[name] for name in self._columns} for item in objects]
        return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """A stranger's text must not become a formula in somebody's spreadsheet."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
