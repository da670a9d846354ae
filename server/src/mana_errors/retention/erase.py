"""Erasing a person from events: whose they are, and what was reported with them."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Final
from urllib.parse import quote, quote_plus
from uuid import UUID

import msgspec

from mana_errors.store import erasure, partitions
from mana_errors.store.db import Connection
from mana_errors.store.erasure import Json, Search, Tie

ERASED: Final = "[erased]"
# Events rewritten in one transaction, some 2 KB each.
CHUNK: Final = 500
# The id is no part of a longer word. Escapes of URLs and of JSON within strings end in letters.
_BEFORE: Final = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[bfnrt]))"
_AFTER: Final = r"(?!\w)"


class EventsErased(msgspec.Struct, frozen=True):
    """What became of the events."""

    # whose user it was
    events: int
    # which had the id in context.reportedUserId
    reported: int
    # grouping hashes of all of them
    hashes: set[UUID]


class Eraser:
    """Replaces an id wherever it stands: as itself, percent-encoded, as a number, as a key."""

    def __init__(self, identifier: str) -> None:
        self._identifier = identifier
        # as it may be written
        self.forms: Final = frozenset(
            {identifier, quote(identifier, safe=""), quote_plus(identifier)}
        )
        either = "|".join(re.escape(form) for form in sorted(self.forms, key=len, reverse=True))
        self._words = re.compile(f"{_BEFORE}(?:{either}){_AFTER}")

    def text(self, text: str) -> str:
        """The text without the id."""
        return ERASED if text == self._identifier else self._words.sub(ERASED, text)

    def clean(self, value: Json) -> Json:
        """JSON without the id. Recursive: what is stored is at most 64 levels deep."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return ERASED if is_number and str(value) == self._identifier else value


async def erase_events(
    connection: Connection, identifier: str, on_day: Callable[[int, int], None]
) -> EventsErased:
    """Erase a person from all events, day by day; may be repeated after any failure.

    on_day is told how many days are done, and of how many.
    """
    clean = Eraser(identifier).clean
    counts: Counter[Tie] = Counter()
    hashes: set[UUID] = set()
    days = sorted(await partitions.existing(connection))
    for done, day in enumerate(days):
        on_day(done, len(days))
        for tie in Tie:
            async for some in _erase(connection, Search(identifier, tie, day), clean):
                counts[tie] += len(some)
                hashes.update(some)
    on_day(len(days), len(days))
    return EventsErased(counts[Tie.OF_USER], counts[Tie.THAT_REPORTED], hashes)


async def _erase(
    connection: Connection, search: Search, clean: Callable[[Json], Json]
) -> AsyncIterator[list[UUID]]:
    while some := await erasure.erase_some(connection, search, clean, CHUNK):
        yield some
        if len(some) < CHUNK:
            return
