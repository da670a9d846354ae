"""Grouped events -> the facets that triage may not know yet."""

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from mana_errors.digest.normalize import normalize_path, url_path
from mana_errors.model.event import Event
from mana_errors.model.facets import pair
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.grouping import Grouping

# Facts remembered as sent, at some 80 bytes each. Forgetting costs bytes of deltas.
MAX_REMEMBERED: Final = 200_000
# Tags of one event that become facets, and segments of a path.
MAX_TAGS: Final = 50
MAX_SEGMENTS: Final = 8
# Calls of a stack, the failing one first, whose files are facets.
MAX_FILES: Final = 20
# Of the first event: what a search for words looks at beside title and culprit.
MAX_WORDS: Final = 3000


class FacetMemory:
    """Which facts of which grouping hashes are committed, so that a problem that goes on sends
    nothing. Keeps hashes of them: a collision costs one facet of one issue."""

    def __init__(self) -> None:
        self._sent: set[int] = set()

    def fresh(self, items: Iterable[GroupedEvent]) -> "Fresh":
        """What the events say that was not sent before."""
        fresh = Fresh()
        for item in items:
            key = item.grouping.grouping_hash
            for fact in _facts(item.event):
                mark = hash((key, fact))
                if mark not in self._sent and mark not in fresh.marks:
                    fresh.marks.add(mark)
                    fresh.pairs.setdefault(key, {}).update(dict.fromkeys(_pairs(fact)))
        return fresh

    def remember(self, fresh: "Fresh") -> None:
        """They are committed."""
        if len(self._sent) + len(fresh.marks) > MAX_REMEMBERED:
            self._sent.clear()
        self._sent |= fresh.marks


class Fresh:
    """Facets on their way to triage."""

    def __init__(self) -> None:
        self.marks: set[int] = set()
        # by grouping hash; a dict keeps the order
        self.pairs: dict[UUID, dict[str, None]] = {}

    def of(self, key: UUID) -> list[str]:
        """Of one grouping hash."""
        return list(self.pairs.get(key, ()))


# What changes together is one fact, so that an event is a few look-ups: (name, value), …
Fact = tuple[tuple[str, str | int | None], ...]


def _facts(event: Event) -> Iterator[Fact]:
    yield (
        ("environment", event.environment),
        ("release", event.release),
        ("code", event.error_code),
        ("type", event.error_type),
        ("service", event.service_name),
    )
    if event.request_url:
        yield (
            ("path", normalize_path(url_path(event.request_url))),
            ("method", event.request_method),
            ("status", event.response_status_code),
        )
    elif event.response_status_code is not None:
        yield (("status", event.response_status_code),)
    for number, (name, value) in enumerate((event.tags or {}).items()):
        if number == MAX_TAGS:
            break
        yield ((f"tag.{name}", value),)


def _pairs(fact: Fact) -> Iterator[str]:
    for name, value in fact:
        if name == "path":
            yield from (pair(name, path) for path in _with_parents(str(value)))
        elif value is not None and value != "":
            yield pair(name, str(value))


def _with_parents(path: str) -> Iterator[str]:
    """/a/b -> /a, /a/b: a path is found by its beginning."""
    parts = path.split("/")[: MAX_SEGMENTS + 1]
    for end in range(2, len(parts)):
        yield "/".join(parts[:end])
    yield "/".join(parts)


def files_of(grouping: Grouping) -> list[str]:
    """Facets of the source files of a stack's own calls; of a problem, not of an event."""
    calls = dict(grouping.components).get("stack", "").split(" | ")[:MAX_FILES]
    places = dict.fromkeys(call.partition(" ")[0] for call in calls)
    return [pair("file", place) for place in places if place]


def words_of(item: GroupedEvent) -> str:
    """The text by which a problem is found, in small letters."""
    stack = dict(item.grouping.components).get("stack", "")
    return f"{item.event.message[:1000]}\n{item.event.error_code}\n{stack}"[:MAX_WORDS].lower()
