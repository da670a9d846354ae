"""Frames of Ruby's stacks.

/srv/shop/cart.rb:42:in 'Cart#total'        	from app.rb:3:in `<main>'
"""

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

_IN = ":in "
_MAX_DIGITS = 9


def is_ruby(line: str) -> bool:
    """Whether a stripped line is a Ruby frame."""
    return _parse_line(line) is not None


def parse_ruby(text: str) -> list[Frame]:
    """Frames, oldest call first."""
    found = (_parse_line(line.strip()) for line in text.split("\n"))
    frames = [frame for frame in found if frame is not None]
    frames.reverse()
    return frames


def _parse_line(line: str) -> Frame | None:
    place, found, rest = line.removeprefix("from ").partition(_IN)
    file, _, number = place.rpartition(":")
    if not found or not file or not number.isdecimal() or len(number) > _MAX_DIGITS:
        return None
    if rest[:1] not in {"'", "`"}:
        return None
    function = rest[1:].partition("'")[0].removeprefix("block in ").removeprefix("rescue in ")
    own = is_own_runtime("ruby", file, "", "")
    # Ruby 3.4 writes Cart#total where older ones write total.
    function = function.rpartition("#")[2].rpartition(".")[2]
    return Frame(file, function or None, None, int(number), in_app=own)
