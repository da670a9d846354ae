"""Any search: trees as parse_search makes them."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from mana_errors.model.event import Severity
from mana_errors.model.search import (
    FIELDS,
    Ago,
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
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
PIECES = TEXTS | st.sampled_from(["OR", "AND", "!a", "env:b", "https://x", "a b", '"'])
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
    if kind is Kind.NAME:
        names = PIECES.map(lambda piece: Pattern((piece,))) | st.just(Pattern(("", "")))
        return st.builds(Match, st.just(name), names)
    if kind is Kind.CHOICE:
        equal = st.just(Operator.EQUAL)
        return st.builds(Compare, st.just(name), equal, st.sampled_from(choices))
    return st.builds(Compare, st.just(name), st.sampled_from(Operator), VALUES[kind])


def trees(subject: Subject) -> st.SearchStrategy[Search]:
    """Searches of issues or of events."""
    fields = [field for field in FIELDS if subject in field.subjects]
    of_fields = [terms(field.name, field.kind, field.choices) for field in fields]
    tag = terms("tag.os.name", Kind.TEXT, ())
    return st.recursive(
        st.one_of(st.builds(Text, PATTERNS), tag, *of_fields),
        lambda part: (
            st.builds(Not, part)
            | st.lists(part, min_size=1, max_size=3).map(all_of)
            | st.lists(part, min_size=1, max_size=3).map(any_of)
        ),
        max_leaves=6,
    )
