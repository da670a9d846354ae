"""WHERE clauses from what a reader asks for.

Only what is asked for becomes a condition, and one value becomes `=` instead of `= ANY`: that is
what lets PostgreSQL read an index in the order of the list.
"""

from collections.abc import Sequence

from mana_errors.errors import BadRequest
from mana_errors.model.principal import Apps

# More words find nothing more; each costs a pass over the text.
MAX_WORDS = 10


class Filters:
    """Conditions that must all hold, and their values in the order of $1, $2, …"""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._conditions: list[str] = ["true"]

    def add(self, condition: str, *values: object) -> None:
        """A condition with a `{}` for each value."""
        first = len(self.values) + 1
        self.values.extend(values)
        numbers = range(first, len(self.values) + 1)
        self._conditions.append(condition.format(*(f"${number}" for number in numbers)))

    def any_of(self, column: str, values: Sequence[object], kind: str = "text") -> None:
        """The column holds one of the values; no values: any."""
        if len(values) == 1:
            cast = "{}" if kind == "text" else f"{{}}::text::{kind}"
            self.add(f"{column} = {cast}", values[0])
        elif values:
            cast = "{}" if kind == "text" else f"{{}}::text[]::{kind}[]"
            self.add(f"{column} = ANY({cast})", list(values))

    def one_or_many(self, column: str, values: Sequence[str] | None) -> str | None:
        """The column holds the one value; several become a value of their own, whose `$n` is
        returned, for a query that reads each by itself. None: any."""
        if values is None:
            return None
        if len(values) == 1:
            self.any_of(column, values)
            return None
        self.values.append(list(values))
        return f"${len(self.values)}"

    def words(self, text: str, search: str) -> None:
        """The text holds all words, in any case."""
        words = search.split()
        if len(words) > MAX_WORDS:
            raise BadRequest(f"q: more than {MAX_WORDS} words")
        for word in words:
            self.add(f"({text}) ILIKE {{}}", f"%{_literally(word)}%")

    def __str__(self) -> str:
        return " AND ".join(self._conditions)


def wanted_apps(asked: Sequence[str], seen: Apps) -> tuple[str, ...] | None:
    """Apps whose rows a reader shall get: those asked for, or all that they see. None: of any
    app; none at all: an empty tuple."""
    if seen is None:
        return tuple(dict.fromkeys(asked)) or None
    return tuple(sorted(seen.intersection(asked) if asked else seen))


def _literally(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, f"\\{special}")
    return word
