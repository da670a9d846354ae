"""Text of strangers, made fit to be shown: one line, bounded, escaped."""

from collections.abc import Callable, Sequence
from typing import Final

_BLOCKS: Final = "▁▂▃▄▅▆▇█"


def one_line(text: str, limit: int) -> str:
    """Without line breaks, controls, marks that turn text around, and lone halves of pairs: what is
    read is what was written. At most `limit` characters; empty: there was nothing to see."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * limit])
    return clip(" ".join(seen.split()), limit)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last one "…" where some are missing."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def fit(text: str, limit: int, escape: Callable[[str], str]) -> str:
    """Escaped, and at most `limit` characters with that: cut before it, so that no escape is cut
    in two."""
    room = limit
    while len(escaped := escape(clip(text, room))) > limit:
        # an escape may be alone in being long: half of what is too much never cuts too far
        room -= max(1, (len(escaped) - limit) // 8)
    return escaped


def sparkline(counts: Sequence[int]) -> str:
    """Bars as characters; empty where nothing is known or nothing happened."""
    if not (most := max(counts, default=0)):
        return ""
    top = len(_BLOCKS) - 1
    # whatever is not zero can be seen
    return "".join(_BLOCKS[max(round(count * top / most), bool(count))] for count in counts)
