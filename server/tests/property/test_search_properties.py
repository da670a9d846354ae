"""The search language, for any text and any tree."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mana_errors.errors import SearchSyntax
from mana_errors.model.search import (
    AnyOf,
    Not,
    Pattern,
    Search,
    Subject,
    Text,
    parse_search,
    write_search,
)
from mana_errors.model.search.parse import MAX_DEPTH, MAX_TERMS
from searches import trees

# Syntax more often than chance would write it.
MARKS = st.sampled_from(
    [*'()"!*:<>=\\ -', "OR", "AND", "is:", "tag.x:", "count:>", "first:", "env:a"]
)
QUERIES = st.text() | st.lists(MARKS | st.text(max_size=4), max_size=30).map("".join)


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


@given(trees(Subject.ISSUES))
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
