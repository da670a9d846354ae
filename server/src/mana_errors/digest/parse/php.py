"""Frames of PHP's stacks.

PHP Fatal error:  Uncaught LogicException: no cart in /srv/shop/Cart.php:12
#0 /srv/shop/app.php(42): Shop\\Cart->total(Object(Order))
#1 [internal function]: {closure}(1)
#2 {main}
"""

import re
from typing import Final

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

_CALL: Final = re.compile(r"#\d{1,4} (.{1,500}?)(?:\((\d{1,9})\))?: ([^(]{1,300})")
_THROWN: Final = re.compile(r" in (\S{1,500}\.\w{2,5}):(\d{1,9})\s*$")
_MAIN: Final = "{main}"
_LAST: Final = f" {_MAIN}"
_NEXT: Final = "Next "


def is_php(line: str) -> bool:
    """Whether a stripped line is a PHP frame."""
    return line.startswith("#") and (_CALL.match(line) is not None or line.endswith(_LAST))


def parse_php(text: str) -> list[Frame]:
    """Frames, oldest call first; of an error with causes, its own, which stand last. A line names a
    function and where it was called, which is inside the function of the next line."""
    place: tuple[str, int | None] | None = None
    frames: list[Frame] = []
    for raw in text.split("\n"):
        line = raw.strip()
        if match := _CALL.match(line):
            if place is not None:
                frames.append(_frame(place, match[3]))
            place = (match[1], int(match[2]) if match[2] else None)
        elif (thrown := _THROWN.search(line[-600:])) and (not place or line.startswith(_NEXT)):
            frames, place = [], (thrown[1], int(thrown[2]))
    if place is not None:
        frames.append(_frame(place, _MAIN))
    frames.reverse()
    return frames


def _frame(place: tuple[str, int | None], function: str) -> Frame:
    file, line = place
    own = line is not None and is_own_runtime("php", file, "", "")
    return Frame(file, function, None, line, in_app=own)
