"""WHERE clauses from what a reader asks for.

Only what is asked for becomes a condition, and one value becomes `=` instead of `= ANY`: that is
what lets PostgreSQL read an index in the order of the list.
"""

from collections.abc import Sequence

from mana_errors.model.principal import Apps

# SQL with `{}` for each value, and the values in that order.
Condition = tuple[str, tuple[object, ...]]


class Filters:
    """Conditions that must all hold, and their values in the order of $1, $2, …"""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._conditions: list[str] = ["true"]

    def add(self, condition: str, *values: object) -> None:
        """A condition with a `{}` for each value."""
        self.add_condition((condition, values))

    def add_condition(self, condition: Condition) -> None:
        """One that was made elsewhere (store/search.py)."""
        self._conditions.append(self.write(condition))

    def write(self, condition: Condition) -> str:
        """A condition for another place of the query, with our numbers in it."""
        sql, values = condition
        return sql.format(*map(self.value, values))

    def value(self, value: object) -> str:
        """A value that belongs to no condition of ours: its `$n`."""
        self.values.append(value)
        return f"${len(self.values)}"

    def any_of(self, column: str, values: Sequence[object], kind: str = "text") -> None:
        """The column holds one of the values; no values: any."""
        if len(values) == 1:
            cast = "{}" if kind == "text" else f"{{}}::text::{kind}"
            self.add(f"{column} = {cast}", values[0])
        elif values:
            cast = "{}" if kind == "text" else f"{{}}::text[]::{kind}[]"
            self.add(f"{column} = ANY({cast})", list(values))

    def one_or_many(
        self, column: str, values: Sequence[object] | None, kind: str = "text"
    ) -> str | None:
        """The column holds the one value; several become a value of their own, whose `$n` is
        returned, for a query that reads each by itself. None: any."""
        if values is None:
            return None
        if len(values) == 1:
            self.add(f"{column} = {{}}::{kind}", values[0])
            return None
        return self.value(list(values))

    def __str__(self) -> str:
        return " AND ".join(self._conditions)


def wanted_apps(asked: Sequence[str], seen: Apps) -> tuple[str, ...] | None:
    """Apps whose rows a reader shall get: those asked for, or all that they see. None: of any
    app; none at all: an empty tuple."""
    if seen is None:
        return tuple(dict.fromkeys(asked)) or None
    return tuple(sorted(seen.intersection(asked) if asked else seen))
