"""Pages of lists whose order is that of their ids."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from mana_errors.errors import BadRequest
from mana_errors.model.query import PageQuery
from mana_errors.model.reading import Page


class _Numbered(Protocol):
    @property
    def id(self) -> UUID: ...


N = TypeVar("N", bound=_Numbered)


def after(query: PageQuery) -> UUID | None:
    """Behind which id the page begins. Raises BadRequest for what page_of did not make."""
    if query.cursor is None:
        return None
    try:
        return UUID(query.cursor)
    except ValueError as error:
        raise BadRequest("cursor: not one that this list gave") from error


def page_of(found: Sequence[N], query: PageQuery) -> Page[N]:
    """A page of rows that were read to one beyond its limit."""
    items = list(found[: query.limit])
    return Page(items, items[-1].id.hex if len(found) > query.limit else None)
