"""The search language, for any text and any tree."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mana_errors.errors import SearchSyntax
from mana_errors.model.event import Severity
from mana_errors.model.search import (
    FIELDS,
    Ago,
    AnyOf,
    Compare,
    Day,
    Kind,
    Match,
    Not,
    Operator,
    Pattern,
    Search,
    Subject,
    Text,
    all_of,
    any_of,
    parse_search,
    write_search,
)
from mana_errors.model.search.parse import MAX_DEPTH, MAX_TERMS

# Syntax more often than chance would write it.
MARKS = st.sampled_from(
    [*'()"!*:<>=\\ -', "OR", "AND", "is:", "tag.x:", "count:>", "first:", "env:a"]
)
QUERIES = st.text() | st.lists(MARKS | st.text(max_size=4), max_size=30).map("".join)

PIECES = st.text(max_size=8) | st.sampled_from(
    ["OR", "AND", "!a", "env:b", "https://x", "a b", '"']
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=3).map(
    lambda pieces: Pattern(
        (pieces[0], *(piece for piece in pieces[1:-1] if piece), *pieces[1:][-1:])
    )
)
TIMES = (
    st.dates(date(1, 1, 2)).map(Day)
    | st.datetimes(datetime(1, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001 - as Hypothesis wants it
    | st.builds(Ago, st.integers(1, 99_999), st.sampled_from("mhdw"))
)
VALUES = {
    Kind.NUMBER: st.integers(0, 10**18 - 1),
    Kind.TIME: TIMES,
    Kind.RANK: st.sampled_from(Severity),
}


def terms(name: str, kind: Kind, choices: tuple[str, ...]) -> st.SearchStrategy[Search]:
    if kind is Kind.TEXT:
        return st.builds(Match, st.just(name), PATTERNS)
    if kind is Kind.CHOICE:
        equal = st.just(Operator.EQUAL)
        return st.builds(Compare, st.just(name), equal, st.sampled_from(choices))
    return st.builds(Compare, st.just(name), st.sampled_from(Operator), VALUES[kind])


FIELD_TERMS = [terms(field.name, field.kind, field.choices) for field in FIELDS]
LEAVES = st.one_of(st.builds(Text, PATTERNS), terms("tag.os.name", Kind.TEXT, ()), *FIELD_TERMS)
TREES = st.recursive(
    LEAVES,
    lambda part: (
        st.builds(Not, part)
        | st.lists(part, min_size=1, max_size=3).map(all_of)
        | st.lists(part, min_size=1, max_size=3).map(any_of)
    ),
    max_leaves=6,
)


@given(QUERIES)
@example("a OR")
@example("env:")
@example("! )")
def test_any_text_is_a_search_or_says_where_it_is_not(text: str) -> None:
    for subject in Subject:
        try:
            found = parse_search(text, subject)
        except SearchSyntax as error:
            assert 0 <= error.position <= len(text)
            assert f"character {error.position + 1}: " in str(error)
        else:
            assert parse_search(write_search(found), subject) == found


@given(TREES)
@example(AnyOf((Text(Pattern(("",))), Not(Not(Text(Pattern(("OR",))))))))
def test_a_tree_that_is_written_is_read_as_the_same_tree(tree: Search) -> None:
    written = write_search(tree)
    try:
        assert parse_search(written, Subject.ISSUES) == tree
    except SearchSyntax as error:
        # A tree may be larger than a query may be.
        assert any(word in error.reason for word in ("deeper", "longer", "more than")), written


@given(st.integers(1, 3 * MAX_DEPTH))
def test_depth_is_bounded(depth: int) -> None:
    for text in ("(" * depth + "a" + ")" * depth, "!" * depth + "a"):
        if depth <= MAX_DEPTH:
            parse_search(text, Subject.ISSUES)
        else:
            with pytest.raises(SearchSyntax, match="nested deeper"):
                parse_search(text, Subject.ISSUES)


def test_terms_are_bounded() -> None:
    parse_search("a " * MAX_TERMS, Subject.ISSUES)
    with pytest.raises(SearchSyntax, match="terms"):
        parse_search("a " * (MAX_TERMS + 1), Subject.ISSUES)
