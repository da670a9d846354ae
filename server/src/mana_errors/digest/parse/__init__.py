"""String stack trace -> frames. Pure, never raises, linear in the text.

A JavaScript stack (V8, JavaScriptCore, Gecko) has one frame a line and the failing call first;
a Python traceback has the failing call last and may hold several exceptions.
"""

from typing import Final

from mana_errors.digest.parse.javascript import parse_javascript
from mana_errors.digest.parse.python import parse_python
from mana_errors.model.stack import Frame, Stack

__all__ = ["KEPT_EACH_END", "parse_stack", "without_message"]

# The outermost calls say where a run came from and the innermost where it failed; a runaway
# recursion repeats itself in between. Others keep as many.
KEPT_EACH_END: Final = 100

_PYTHON_FRAME: Final = 'File "'


def parse_stack(text: str) -> Stack | None:
    """The frames in a stack trace, oldest call first; None when no frame is recognised."""
    if _PYTHON_FRAME in text:
        frames, unseen = parse_python(text)
        if frames:
            return _bounded("python", frames, unseen)
    frames = parse_javascript(text)
    return _bounded("javascript", frames, 0) if frames else None


def without_message(text: str, message: str) -> str:
    """The stack's frames alone: the same text for events of one problem, whose messages differ.

    A runtime writes "Type: message" in front of the frames (JavaScript) or behind (Python).
    """
    if message:
        head, _, rest = text.partition("\n")
        if head == message or head.endswith(": " + message):
            text = rest
        body, _, tail = text.rpartition("\n")
        if tail.endswith(": " + message):
            text = body
    return text


def _bounded(language: str, frames: list[Frame], unseen: int) -> Stack:
    """`unseen` is how many frames the runtime itself left out."""
    surplus = len(frames) - 2 * KEPT_EACH_END
    if surplus > 0:
        del frames[KEPT_EACH_END:-KEPT_EACH_END]
    return Stack(language, tuple(frames), max(surplus, 0) + unseen)
