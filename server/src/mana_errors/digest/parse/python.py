"""Frames of Python tracebacks.

1. Chained exceptions stand oldest first, each with its traceback; the last is the one reported.
2. The message of an exception may quote a whole traceback; it ends the frames until the next link
   of the chain.
3. Exceptions within a group follow behind a margin and are not the reported one's calls.
"""

from typing import Final

from mana_errors.digest.parse.inapp import is_own_python
from mana_errors.model.stack import Frame

_LINKS: Final = (
    "During handling of the above exception",
    "The above exception was the direct cause",
)
_HEADER: Final = "Traceback (most recent call last)"
_GROUP_MEMBER: Final = "+-+-"
_MARGIN: Final = " |+\t"
_FILE: Final = 'File "'
_LINE: Final = '", line '
_REPEATED: Final = "[Previous line repeated "
_MARKS: Final = frozenset("^~ ")
_MAX_DIGITS: Final = 9


def parse_python(text: str) -> tuple[list[Frame], int]:
    """Frames of the last exception, oldest call first, and how many Python itself left out."""
    frames: list[Frame] = []
    unseen = 0
    quoted = False
    lines = text.split("\n")
    for index, line in enumerate(lines):
        stripped = line.strip(_MARGIN)
        if stripped.startswith(_LINKS):
            frames, unseen, quoted = [], 0, False
        elif _HEADER in stripped:
            quoted = bool(frames)
        elif frames and stripped.startswith(_GROUP_MEMBER):
            break
        elif quoted:
            continue
        elif stripped.startswith(_REPEATED):
            unseen += _leading_number(stripped[len(_REPEATED) :])
        elif (frame := _parse_frame(stripped, lines, index)) is not None:
            frames.append(frame)
    return frames, unseen


def _parse_frame(stripped: str, lines: list[str], index: int) -> Frame | None:
    """`File "shop/cart.py", line 7, in total`, and the source line below it."""
    if not stripped.startswith(_FILE):
        return None
    file, found, rest = stripped[len(_FILE) :].rpartition(_LINE)
    number, _, function = rest.partition(", in ")
    line = _leading_number(number)
    if not found or not line:
        return None
    return Frame(
        file,
        function or None,
        line=line,
        in_app=is_own_python(file),
        context_line=_source_below(lines, index),
    )


def _source_below(lines: list[str], index: int) -> str | None:
    if index + 1 == len(lines):
        return None
    frame, below = lines[index], lines[index + 1]
    # Source is indented below its frame; the exception's own line is not.
    source = below.lstrip(_MARGIN)
    indent = len(frame) - len(frame.lstrip(_MARGIN))
    if len(below) - len(source) <= indent or source.startswith((_FILE, _REPEATED)):
        return None
    source = source.rstrip()
    return None if not source or _MARKS.issuperset(source) else source


def _leading_number(text: str) -> int:
    digits = text.partition(" ")[0].rstrip("]")
    return int(digits) if digits.isdecimal() and len(digits) <= _MAX_DIGITS else 0
