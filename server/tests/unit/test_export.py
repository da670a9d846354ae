"""What a file of exported events looks like."""

import csv
import io
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.errors import BadRequest
from mana_errors.model.event import Severity
from mana_errors.model.export import COLUMNS, Exporter, ExportFormat, ExportQuery
from mana_errors.model.reading import EventSummary

AT = datetime(2026, 1, 1, tzinfo=UTC)


def summary(message: str) -> EventSummary:
    return EventSummary(
        id=UUID(int=1), issue_id=None, app_id="chat", error_code="C", error_type="T",
        message=message, severity=Severity.ERROR, environment=None, release=None, source_type=None,
        service_name=None, user_id=None, request_method=None, request_url=None,
        response_status_code=500, fingerprint="f", weight=1, occurred_at=AT,
    )  # fmt: skip


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=4))
def test_csv_is_read_back_as_it_was(messages: list[str]) -> None:
    """But for what a spreadsheet would run: that has an apostrophe in front."""
    exporter = Exporter(ExportQuery(columns=("message", "occurredAt", "release")))
    text = (exporter.head() + exporter.rows([summary(m) for m in messages])).decode()
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head == ["message", "occurredAt", "release"]
    for message, row in zip(messages, rows, strict=True):
        assert row[0] in {message, f"'{message}"}
        assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert row[1:] == ["2026-01-01T00:00:00Z", ""]


def test_each_json_line_has_the_columns_asked_for() -> None:
    every = Exporter(ExportQuery(format=ExportFormat.JSONL))
    assert every.head() == b""
    line = msgspec.json.decode(every.rows([summary("=1\n+2")]))
    assert tuple(line) == COLUMNS
    assert (line["message"], line["responseStatusCode"]) == ("=1\n+2", 500)
    few = Exporter(ExportQuery(format=ExportFormat.JSONL, columns=("weight", "id")))
    assert (
        few.rows([summary("a")] * 2).splitlines()
        == [b'{"weight":1,"id":"00000000-0000-0000-0000-000000000001"}'] * 2
    )


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(BadRequest, match="columns: there is no 'stack'"):
        Exporter(ExportQuery(columns=("id", "stack")))
