"""What a query says, as a tree. Built by all_of and any_of, so that equal queries are equal
trees."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from mana_errors.model.event import Severity


class Pattern(msgspec.Struct, frozen=True):
    """Literal pieces with anything between them: `1.*` is ("1.", ""), `1.2` is ("1.2",)."""

    pieces: tuple[str, ...]

    @property
    def exact(self) -> str | None:
        """The one text that it stands for; None with a `*` in it."""
        return self.pieces[0] if len(self.pieces) == 1 else None

    @property
    def is_anything(self) -> bool:
        """`*` alone."""
        return self.pieces == ("", "")


class Operator(StrEnum):
    """How a value is compared."""

    EQUAL = ""
    OVER = ">"
    FROM = ">="
    UNDER = "<"
    TO = "<="


class Day(msgspec.Struct, frozen=True):
    """A whole UTC day: `>` is behind its end, `<` before its beginning."""

    date: date


class Ago(msgspec.Struct, frozen=True):
    """So long before now: `-24h`."""

    amount: Annotated[int, Meta(ge=1)]
    unit: str


# a str is one of a field's choices
Value = int | Severity | str | Day | datetime | Ago


class Text(msgspec.Struct, frozen=True):
    """The text holds this, in any case."""

    pattern: Pattern


class Match(msgspec.Struct, frozen=True):
    """The field has this value."""

    # as in FIELDS, or tag.<name>
    field: str
    pattern: Pattern


class Compare(msgspec.Struct, frozen=True):
    """The field's value stands so to this one."""

    field: str
    operator: Operator
    value: Value


class Not(msgspec.Struct, frozen=True):
    """All but this."""

    part: "Search"


class AllOf(msgspec.Struct, frozen=True):
    """All parts hold."""

    parts: "tuple[Search, ...]"


class AnyOf(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: "tuple[Search, ...]"


Search = Text | Match | Compare | Not | AllOf | AnyOf

EVERYTHING: Final = AllOf(())


def all_of(parts: Iterable[Search]) -> Search:
    """Flat: what is within another AllOf moves up, and one part stands for itself."""
    flat: list[Search] = []
    for part in parts:
        flat += part.parts if isinstance(part, AllOf) else (part,)
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def any_of(parts: Iterable[Search]) -> Search:
    """Flat, as all_of."""
    flat: list[Search] = []
    for part in parts:
        flat += part.parts if isinstance(part, AnyOf) else (part,)
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))
