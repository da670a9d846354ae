"""How many issues have each value, and which values there are."""

from collections import defaultdict
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.model.exploring import IssueFacets, SearchValuesQuery, ValueCount
from mana_errors.model.facets import pair
from mana_errors.model.principal import Apps
from mana_errors.model.query import IssueQuery
from mana_errors.model.search import Field, Pattern, field_named
from mana_errors.model.search.fields import ME, NOBODY, TAG
from mana_errors.store.db import Connection
from mana_errors.store.filters import Filters, wanted_apps
from mana_errors.store.queries import load
from mana_errors.store.search import apps_asked_for, issue_condition, like

_SQL: Final = load("explore")
# Issues whose environments, releases and types are counted: of 10,000 it took five times as long.
LATEST: Final = 2_000
# As many as one chooses from.
MAX_VALUES: Final = 20
# Fields whose values are no facets: what else is known of them is a search of its own.
_WITHOUT_VALUES: Final = frozenset({"user", "fingerprint"})


async def count_facets(
    connection: Connection, query: IssueQuery, apps: Apps, me: UUID | None
) -> IssueFacets:
    """Of the issues that a query finds, whatever page it asks for. Raises SearchSyntax."""
    search = query.search()
    filters = Filters()
    filters.add_condition(issue_condition(search, me))
    wanted = wanted_apps(apps_asked_for(search), apps)
    if wanted is not None:
        filters.add("app_id = ANY({}::text[])", list(wanted))
    sql = _SQL["facets"].format(filters=filters, limit=MAX_VALUES, latest=LATEST)
    counts: defaultdict[str, list[ValueCount]] = defaultdict(list)
    for row in await connection.fetch(sql, *filters.values):
        counts[row["facet"]].append(ValueCount(row["value"], row["count"]))
    [total] = counts.pop("total")
    names = [field for field in IssueFacets.__struct_fields__ if field != "total"]
    return IssueFacets(total.count, *(counts[name] for name in names))


async def search_values(
    connection: Connection, query: SearchValuesQuery, apps: Apps
) -> list[ValueCount]:
    """Values of a field that begin so, the most frequent first. Raises BadRequest for what is no
    field."""
    seen = None if apps is None else sorted(apps)
    if query.field == TAG:
        start = like(Pattern((TAG + query.prefix, "")))
        return await _values(connection, "tag_names", start, seen, MAX_VALUES)
    field = field_named(query.field)
    if field is None:
        raise BadRequest(f"field: there is no field {query.field!r}")
    if field.name == "app":
        start = like(Pattern((query.prefix, "")))
        return await _values(connection, "app_names", start, seen, MAX_VALUES)
    if (choices := _choices(field)) is not None:
        return [ValueCount(value, 0) for value in choices if value.startswith(query.prefix)]
    start = like(Pattern((pair(field.name, query.prefix), "")))
    behind = len(pair(field.name, "")) + 1
    return await _values(connection, "values", start, behind, seen, MAX_VALUES)


def _choices(field: Field) -> tuple[str, ...] | None:
    if field.name == "assigned":
        return (ME, NOBODY)
    return () if field.name in _WITHOUT_VALUES else field.choices or None


async def _values(connection: Connection, name: str, *arguments: object) -> list[ValueCount]:
    rows = await connection.fetch(_SQL[name], *arguments)
    return [msgspec.convert(dict(row), ValueCount) for row in rows]
