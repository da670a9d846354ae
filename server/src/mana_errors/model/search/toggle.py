"""Terms put into a search, or taken out again: what a click on a value does."""

from mana_errors.model.search.fields import Kind, field_named
from mana_errors.model.search.tree import (
    AllOf,
    Compare,
    Match,
    Operator,
    Pattern,
    Search,
    all_of,
)
from mana_errors.model.search.values import read_value


def term_of(name: str, value: str) -> Search:
    """The term of exactly this value of a field, as parse_search reads it."""
    field = field_named(name)
    assert field is not None  # noqa: S101 - who counts values knows their field
    if field.kind in {Kind.TEXT, Kind.NAME}:
        return Match(field.name, Pattern((value,)))
    return Compare(field.name, Operator.EQUAL, read_value(field, value, 0))


def holds(search: Search, term: Search) -> bool:
    """Whether the term must hold by itself."""
    return term in _parts(search)


def toggled(search: Search, term: Search) -> Search:
    """Without the term where it must hold, else with it."""
    rest = [part for part in _parts(search) if part != term]
    return all_of(rest if holds(search, term) else [*rest, term])


def _parts(search: Search) -> tuple[Search, ...]:
    return search.parts if isinstance(search, AllOf) else (search,)
