"""Query parameters and cursors."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.errors import BadRequest
from mana_errors.model.event import Severity
from mana_errors.model.query import (
    EventQuery,
    IssueQuery,
    IssueSort,
    Position,
    decode_cursor,
    encode_cursor,
    parse_query,
)


def test_a_list_is_comma_separated_or_repeated() -> None:
    query = parse_query(
        IssueQuery, [("app", "chat,picture"), ("app", "zitare"), ("severity", "error")]
    )
    assert query.app == ("chat", "picture", "zitare")
    assert query.severity == (Severity.ERROR,)


def test_an_empty_value_is_not_given() -> None:
    """Forms send every field."""
    empty = [("app", ""), ("status", ""), ("q", ""), ("sort", ""), ("limit", ""), ("cursor", "")]
    assert parse_query(IssueQuery, empty) == IssueQuery()


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("appp", "chat")], "appp"),
        ([("sort", "-lastSeen")], "sort"),
        ([("limit", "0")], "limit"),
        ([("limit", "101")], "limit"),
        ([("limit", "ten")], "limit"),
        ([("limit", "5"), ("limit", "6")], "limit"),
        ([("severity", "error,fatal")], "severity"),
        ([("status", "open")], "status"),
        ([("q", "x" * 1001)], "q"),
        ([("q", "a\0b")], "NUL"),
        ([("app", "x" * 257)], "app"),
        ([("app", ",".join("x" * 51))], "app"),
        ([("cursor", "x" * 201)], "cursor"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(pairs: list[tuple[str, str]], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse_query(IssueQuery, pairs)


@pytest.mark.parametrize("time", ["yesterday", "2026-01-01", "2026-01-01T00:00:00"])
def test_a_time_needs_a_zone(time: str) -> None:
    with pytest.raises(BadRequest, match="from"):
        parse_query(EventQuery, [("from", time)])


def test_a_cursor_comes_back_as_it_was() -> None:
    times = Position("lastSeen", datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=UTC), UUID(int=7))
    counts = Position("count", 2**63 - 1, UUID(int=7))
    assert decode_cursor(encode_cursor(times), "lastSeen") == times
    assert decode_cursor(encode_cursor(counts), IssueSort.COUNT) == counts


def test_a_cursor_belongs_to_its_order() -> None:
    cursor = encode_cursor(Position("count", 3, UUID(int=7)))
    with pytest.raises(BadRequest, match="order"):
        decode_cursor(cursor, "users")


@pytest.mark.parametrize(
    ("sort", "key"),
    [("lastSeen", 3), ("count", datetime(2026, 1, 1, tzinfo=UTC)), ("count", 2**63)],
)
def test_a_forged_cursor_is_refused(sort: str, key: datetime | int) -> None:
    """A key of the wrong kind, or one that no bigint holds."""
    with pytest.raises(BadRequest, match="cursor"):
        decode_cursor(encode_cursor(Position(sort, key, UUID(int=7))), sort)


@given(st.text(max_size=200))
def test_any_text_is_a_cursor_or_a_bad_request(text: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        decode_cursor(text, "lastSeen")
