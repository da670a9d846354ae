"""Facets: what values the events of a grouping hash had. Written by triage, when one is new."""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from mana_errors.model.facets import grown
from mana_errors.model.issue import Delta
from mana_errors.model.search import Pattern
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.search import like

_SQL: Final = load("facets")


async def add(connection: Connection, deltas: list[Delta]) -> None:
    """Add what the deltas bring; most bring nothing."""
    bringing = {delta.grouping_hash: delta for delta in deltas if delta.facets or delta.words}
    if not bringing:
        return
    rows = await connection.fetch(_SQL["of_hashes"], list(bringing))
    known: dict[UUID, list[str]] = {row["grouping_hash"]: row["pairs"] for row in rows}
    has_words = {row["grouping_hash"] for row in rows if not row["wordless"]}
    changed: dict[UUID, list[str]] = {}
    for key, delta in bringing.items():
        pairs = grown(known.get(key, []), delta.facets)
        if pairs is not None or (delta.words and key not in has_words):
            changed[key] = known.get(key, []) if pairs is None else pairs
    if changed:
        keys = sorted(changed)
        words = [bringing[key].words for key in keys]
        # SQL has no arrays of arrays of different lengths, and no pair has a line end in it.
        texts = ["\n".join(changed[key]) for key in keys]
        await connection.execute(_SQL["save"], keys, texts, words)


async def erase(connection: Connection, forms: Iterable[str], clean: Callable[[str], str]) -> int:
    """Take a person out of all facets; of how many grouping hashes. `forms` are how the id may be
    written, `clean` gives a text without it."""
    holding = [f"%{like(Pattern((form,)))}%" for form in forms]
    small = [pattern.lower() for pattern in holding]
    rows = await connection.fetch(_SQL["holding"], holding, small)
    keys = [row["grouping_hash"] for row in rows]
    pairs = ["\n".join(pair for pair in row["pairs"] if clean(pair) == pair) for row in rows]
    words = [clean(row["words"]) for row in rows]
    await connection.execute(_SQL["rewrite"], keys, pairs, words)
    return len(rows)
