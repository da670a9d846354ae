"""What is remembered of a grouping hash's events, so that issues are found by it: pairs of a name
and a value, as `release=1.2` and `tag.browser=Firefox`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

# Names of pairs are those of the search language (model/search/fields.py).
# Values of one name: what has more is an id, and nobody picks an id from a list.
MAX_VALUES: Final = 20
# Releases, the latest: an issue lives through many, and the last one is asked for most.
MAX_RELEASES: Final = 50
# Of all names: 10 KB a grouping hash at the very most, a tenth of it in life.
MAX_PAIRS: Final = 200
MAX_LENGTH: Final = 200
RELEASE: Final = "release"
_RELEASES: Final = f"{RELEASE}="


def pair(name: str, value: str) -> str:
    """The text that stands for a value of a name; on one line."""
    return f"{name}={value}"[:MAX_LENGTH].replace("\n", " ")


def name_of(pair: str) -> str:
    """The name in a pair."""
    return pair.partition("=")[0]


def grown(known: Sequence[str], more: Iterable[str]) -> list[str] | None:
    """The pairs with others added, within the limits; None when nothing changes."""
    pairs = dict.fromkeys(known)
    counts = Counter(map(name_of, known))
    for new in more:
        name = name_of(new)
        if new in pairs or (name != RELEASE and counts[name] >= MAX_VALUES):
            continue
        if name == RELEASE and counts[name] >= MAX_RELEASES:
            oldest = next(pair for pair in pairs if pair.startswith(_RELEASES))
            del pairs[oldest]
        elif len(pairs) >= MAX_PAIRS:
            continue
        else:
            counts[name] += 1
        pairs[new] = None
    return list(pairs) if pairs.keys() != dict.fromkeys(known).keys() else None
