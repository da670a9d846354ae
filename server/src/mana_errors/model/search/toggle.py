"""Terms put into a search, or taken out again: what a click on a value does."""

from mana_errors.model.search.fields import Subject
from mana_errors.model.search.parse import parse_search
from mana_errors.model.search.tree import AllOf, Match, Pattern, Search, all_of
from mana_errors.model.search.write import write_search


def term_of(field: str, value: str, subject: Subject) -> Search:
    """The term of exactly this value, as parse_search reads it. Raises SearchSyntax."""
    return parse_search(write_search(Match(field, Pattern((value,)))), subject)


def holds(search: Search, term: Search) -> bool:
    """Whether the term must hold by itself."""
    return term in _parts(search)


def toggled(search: Search, term: Search) -> Search:
    """Without the term where it must hold, else with it."""
    rest = [part for part in _parts(search) if part != term]
    return all_of(rest if holds(search, term) else [*rest, term])


def _parts(search: Search) -> tuple[Search, ...]:
    return search.parts if isinstance(search, AllOf) else (search,)
