"""Text of strangers, made fit to be shown: one line, bounded, escaped."""

import re
from collections.abc import Callable, Sequence
from typing import Final

# Controls, and marks that turn text around: what is read must be what was written.
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
# A lone half of a pair is no text: JSON and UTF-8 refuse it.
_HALVES: Final = re.compile(r"[\ud800-\udfff]")
_BLOCKS: Final = "▁▂▃▄▅▆▇█"


def one_line(text: str, limit: int) -> str:
    """Printable, without line breaks, at most `limit` characters."""
    seen = _HALVES.sub("\ufffd", _UNSEEN.sub(" ", text[: 2 * limit]))
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
