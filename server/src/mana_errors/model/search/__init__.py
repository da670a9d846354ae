"""The search language: `is:unresolved app:chat !severity:debug path:/api* "exact text" OR word`.

fields says what can be asked for, parse reads a query into a tree, write turns a tree into a query
again, toggle puts a term into it or takes it out. Pure: store/search_sql.py makes SQL of trees.
"""

from mana_errors.model.search.fields import FIELDS, Field, Kind, Subject, field_named
from mana_errors.model.search.parse import parse_search
from mana_errors.model.search.toggle import holds, term_of, toggled
from mana_errors.model.search.tree import (
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
    Text,
    all_of,
    any_of,
)
from mana_errors.model.search.write import write_search

__all__ = [
    "EVERYTHING",
    "FIELDS",
    "Ago",
    "AllOf",
    "AnyOf",
    "Compare",
    "Day",
    "Field",
    "Kind",
    "Match",
    "Not",
    "Operator",
    "Pattern",
    "Search",
    "Subject",
    "Text",
    "all_of",
    "any_of",
    "field_named",
    "holds",
    "parse_search",
    "term_of",
    "toggled",
    "write_search",
]
