"""Frames of Ruby's stacks.

/srv/shop/cart.rb:42:in 'Cart#total'        	from app.rb:3:in `<main>'

Ruby 2.5 to 2.7 turn it over for terminals, and number the calls: `2: from app.rb:3:in ...`.
"""

import re

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

_IN = ":in "
_NUMBERED = re.compile(r"\d{1,6}: from ")
_FROM = re.compile(r"^(?:\d{1,6}: )?from ")
_MAX_DIGITS = 9


def is_ruby(line: str) -> bool:
    """Whether a stripped line is a Ruby frame."""
    return _parse_line(line) is not None


def parse_ruby(text: str) -> list[Frame]:
    """Frames, oldest call first."""
    lines = [line.strip() for line in text.split("\n")]
    frames = [frame for frame in map(_parse_line, lines) if frame is not None]
    if not any(map(_NUMBERED.match, lines)):
        frames.reverse()
    return frames


def _parse_line(line: str) -> Frame | None:
    place, found, rest = _FROM.sub("", line).partition(_IN)
    file, _, number = place.rpartition(":")
    if not found or not file or not number.isdecimal() or len(number) > _MAX_DIGITS:
        return None
    if rest[:1] not in {"'", "`"}:
        return None
    function = rest[1:].partition("'")[0]
    own = is_own_runtime("ruby", file, "", "")
    return Frame(file, function or None, None, int(number), in_app=own)
