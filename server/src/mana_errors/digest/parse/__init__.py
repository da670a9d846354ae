"""String stack trace -> frames. Pure, never raises, linear in the text.

A JavaScript stack (V8, JavaScriptCore, Gecko) has one frame a line and the failing call first, and
so have the JVM's, .NET's, Ruby's and PHP's; Go's has two lines a frame; a Python traceback has the
failing call last and may hold several exceptions.
"""

from typing import Final

from mana_errors.digest.parse.dotnet import is_dotnet, parse_dotnet
from mana_errors.digest.parse.go import parse_go
from mana_errors.digest.parse.javascript import parse_javascript
from mana_errors.digest.parse.jvm import is_jvm, parse_jvm
from mana_errors.digest.parse.php import is_php, parse_php
from mana_errors.digest.parse.python import parse_python
from mana_errors.digest.parse.ruby import is_ruby, parse_ruby
from mana_errors.model.stack import Frame, Stack

__all__ = ["KEPT_EACH_END", "parse_stack", "without_message"]

# The outermost calls say where a run came from and the innermost where it failed; a runaway
# recursion repeats itself in between. Others keep as many.
KEPT_EACH_END: Final = 100

_PYTHON_FRAME: Final = 'File "'
# Messages in front of the frames may be long.
_SNIFFED: Final = 20_000
_SNIFFED_LINES: Final = 100
# A JVM's frame would pass for one of .NET's.
_SIGNS: Final = (("java", is_jvm), ("csharp", is_dotnet), ("ruby", is_ruby), ("php", is_php))
_PARSERS: Final = {
    "java": parse_jvm,
    "csharp": parse_dotnet,
    "ruby": parse_ruby,
    "php": parse_php,
    "go": parse_go,
    "javascript": parse_javascript,
}


def parse_stack(text: str) -> Stack | None:
    """The frames in a stack trace, oldest call first; None when no frame is recognised."""
    if _PYTHON_FRAME in text:
        frames, unseen = parse_python(text)
        if frames:
            return _bounded("python", frames, unseen)
    language = _language(text)
    frames = _PARSERS[language](text)
    return _bounded(language, frames, 0) if frames else None


def _language(text: str) -> str:
    """Whose stack it is, by its first lines; what is not recognised may be JavaScript's."""
    if ".go:" in text and "\n\t" in text:
        return "go"
    for raw in text[:_SNIFFED].split("\n")[:_SNIFFED_LINES]:
        line = raw.strip()
        for language, is_frame in _SIGNS:
            if is_frame(line):
                return language
    return "javascript"


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
