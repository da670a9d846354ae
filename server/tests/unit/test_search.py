"""The search language by example: what a query means, and where it is wrong."""

from datetime import UTC, date, datetime

import pytest

from mana_errors.errors import SearchSyntax
from mana_errors.model.event import Severity
from mana_errors.model.search import (
    EVERYTHING,
    Ago,
    AllOf,
    AnyOf,
    Compare,
    Day,
    Match,
    Not,
    Operator,
    Pattern,
    Search,
    Subject,
    Text,
    holds,
    parse_search,
    term_of,
    toggled,
    write_search,
)


def text(*pieces: str) -> Text:
    return Text(Pattern(pieces))


def match(field: str, *pieces: str) -> Match:
    return Match(field, Pattern(pieces))


def equal(field: str, value: str) -> Compare:
    return Compare(field, Operator.EQUAL, value)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("is:unresolved", equal("is", "unresolved")),
        ("is:Regressed", equal("is", "regressed")),
        ("env:production", match("environment", "production")),
        ("severity:critical", Compare("severity", Operator.EQUAL, Severity.CRITICAL)),
        ("level:>=error", Compare("severity", Operator.FROM, Severity.ERROR)),
        ("release:1.*", match("release", "1.", "")),
        ("release:*", match("release", "", "")),
        ('release:"1.*"', match("release", "1.*")),
        ("path:/api status:500", AllOf((match("path", "/api"), match("status", "500")))),
        ("tag.browser:Firefox", match("tag.browser", "Firefox")),
        ("tag.os.name:'a:b'", match("tag.os.name", "'a:b'")),
        ("first:>2026-01-01", Compare("first", Operator.OVER, Day(date(2026, 1, 1)))),
        ("last:<-24h", Compare("last", Operator.UNDER, Ago(24, "h"))),
        (
            "first:2026-01-01T12:00+02:00",
            Compare("first", Operator.EQUAL, datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ),
        ("count:>100", Compare("count", Operator.OVER, 100)),
        ("users:<=5", Compare("users", Operator.TO, 5)),
        ("assigned:me", match("assigned", "me")),
        ("!severity:debug", Not(Compare("severity", Operator.EQUAL, Severity.DEBUG))),
        ('"exact text"', text("exact text")),
        (r'"say \"x\" \n \\"', text('say "x" \\n \\')),
        ('"a b"*c', text("a b", "c")),
        ("word*", text("word", "")),
        ("a b OR c", AnyOf((AllOf((text("a"), text("b"))), text("c")))),
        ("a (b OR c)", AllOf((text("a"), AnyOf((text("b"), text("c")))))),
        ("!(a b)", Not(AllOf((text("a"), text("b"))))),
        ("a AND b", AllOf((text("a"), text("b")))),
        ("((a))", text("a")),
        ("or", text("or")),
        ("a ! b", AllOf((text("a"), text("!"), text("b")))),
    ],
)
def test_a_query_says(query: str, tree: Search) -> None:
    assert parse_search(query, Subject.ISSUES) == tree


@pytest.mark.parametrize(
    "pasted",
    [
        "TypeError: no such thing",
        "https://example.org/a?b=c:d",
        "12:30:11",
        r"C:\dir\file 100%_off\now",
        "error: it broke",
        "Cannot read properties of undefined (reading 'width')",
    ],
)
def test_words_of_a_pasted_text_are_text(pasted: str) -> None:
    tree = parse_search(pasted, Subject.ISSUES)
    parts = tree.parts if isinstance(tree, AllOf) else (tree,)
    assert all(isinstance(part, Text) for part in parts)


@pytest.mark.parametrize(
    ("query", "position", "reason"),
    [
        ("a sevrity:error", 2, "no field sevrity"),
        ("env: production", 4, "needs a value"),
        ("is:open", 3, "one of unresolved, resolved"),
        ("is:>new", 3, "no order"),
        ("count:many", 6, "whole number"),
        ("count:>1*", 7, r"no \*"),
        ("count:>", 7, "needs a value"),
        ("status:500 severity:fatal", 20, "one of debug"),
        ("first:yesterday", 6, "takes a time"),
        ("first:2026-02-30", 6, "takes a time"),
        ("first:-0d", 6, "takes a time"),
        ('a "b', 2, "not closed"),
        ("a (b", 2, "not closed"),
        ("a b)", 3, "closes nothing"),
        ("a ()", 2, "nothing stands between"),
        ("OR a", 0, "between two"),
        ("a OR", 2, "between two"),
        ("a OR OR b", 2, "between two"),
        ("(!)", 1, "before a term"),
        ("env:(a OR b)", 4, "needs a value"),
        ("x" * 1001, 1000, "longer"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_character(
    query: str, position: int, reason: str
) -> None:
    with pytest.raises(SearchSyntax, match=reason) as raised:
        parse_search(query, Subject.ISSUES)
    assert raised.value.position == position


def test_events_have_no_state_and_no_counts() -> None:
    parse_search("app:chat tag.x:y some words", Subject.EVENTS)
    with pytest.raises(SearchSyntax, match="character 6: is is of issues"):
        parse_search("word is:new", Subject.EVENTS)


@pytest.mark.parametrize(
    "query",
    [
        'is:unresolved !severity:debug "exact text" word* (a OR b c)',
        "first:>=2026-01-01 last:<-24h count:>100",
        'release:"" tag.x:"a b"*',
    ],
)
def test_a_query_is_written_as_it_was_read(query: str) -> None:
    assert write_search(parse_search(query, Subject.ISSUES)) == query


@pytest.mark.parametrize(
    ("query", "name", "value", "with_it"),
    [
        ("", "is", "unresolved", "is:unresolved"),
        ("words", "release", '1.* "x"', 'words release:"1.* \\"x\\""'),
        ("a OR b", "severity", "error", "(a OR b) severity:error"),
        ("!type:A", "type", "A", "!type:A type:A"),
        ("app:a", "env", "", 'app:a environment:""'),
        ("app:a", "tag.os", "a\nb", 'app:a tag.os:"a\nb"'),
    ],
)
def test_a_term_is_put_in_and_taken_out(query: str, name: str, value: str, with_it: str) -> None:
    before, term = parse_search(query, Subject.ISSUES), term_of(name, value)
    after = toggled(before, term)
    assert write_search(after) == with_it
    assert parse_search(with_it, Subject.ISSUES) == after
    assert holds(after, term)
    assert not holds(before, term)
    assert toggled(after, term) == before


def test_a_term_may_be_longer_than_a_search() -> None:
    """A page shows the value; its link says what is wrong."""
    assert term_of("path", "/" * 5000) == match("path", "/" * 5000)
