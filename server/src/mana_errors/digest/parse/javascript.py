"""Frames of JavaScript stacks, as V8, JavaScriptCore, Gecko and Hermes write them.

V8      at total (https://shop.example/app.js:10:5)     at async file:///srv/main.js:3:1
        at Object.get [as price] (/srv/cart.js:7:9)     at Array.map (<anonymous>)
        at eval (eval at run (/srv/vm.js:2:3), <anonymous>:1:1)
Hermes  at total (address at index.android.bundle:1:4383)
JSC     total@https://shop.example/app.js:10:5          forEach@[native code]
Gecko   async*total@https://shop.example/app.js:10:5    run@https://x/a.js line 3 > eval:1:1
"""

from functools import lru_cache
from typing import Final

from mana_errors.digest.parse.inapp import owner_of_script
from mana_errors.model.stack import Frame

# What follows is the stack of an earlier error: `cause` as Node prints it, and as people log it.
_CAUSES: Final = ("[cause]:", "Caused by:", "caused by:", "cause:")
# Lines repeat from event to event, in a storm all of them. 8,192 frames are about 4 MB.
_REMEMBERED_LINES: Final = 8192
# Longer lines are data URLs and the like; they would make the memory's size a stranger's choice.
_REMEMBERED_LENGTH: Final = 400

_HERMES: Final = "address at "
# What engines write where there is no position.
_PLACES: Final = frozenset(
    {"<anonymous>", "native", "[native code]", "[wasm code]", "unknown location"}
)
_PLACE_PREFIXES: Final = ("index ", "wasm:")
_SCHEMES: Final = ("http", "file:", "webpack", "blob:", "capacitor:", "app:")
# Minified bundles reach 10**8 columns; more digits are no position.
_MAX_DIGITS: Final = 9


def parse_javascript(text: str) -> list[Frame]:
    """Frames, oldest call first; of an error with causes, its own."""
    frames: list[Frame] = []
    for line in text.split("\n"):
        frame = _remembered(line) if len(line) <= _REMEMBERED_LENGTH else _parse_line(line)
        if frame is not None:
            frames.append(frame)
        elif frames and line.lstrip().startswith(_CAUSES):
            break
    frames.reverse()
    return frames


def _parse_line(line: str) -> Frame | None:
    # Node opens a brace behind the last call when properties of the error follow.
    line = line.strip().removesuffix(" {")
    if line.startswith("at "):
        return _parse_v8(line[3:])
    if "@" in line or line.startswith(_SCHEMES):
        return _parse_gecko(line)
    return _placed("", line) if line.startswith("[") else None


_remembered: Final = lru_cache(_REMEMBERED_LINES)(_parse_line)


def _parse_v8(call: str) -> Frame | None:
    call = call.removeprefix("async ")
    function, location = "", call
    if call.endswith(")"):
        function, _, location = call[:-1].partition(" (")
    if location.startswith("eval at "):
        location = _outermost(location)
    return _placed(function.partition(" [as ")[0], location)


def _outermost(location: str) -> str:
    """Where code given to eval came from: `eval at f (eval at g (FILE:1:2), …), …` -> FILE:1:2."""
    return location.rpartition("(")[2].partition(")")[0]


def _parse_gecko(line: str) -> Frame | None:
    function, found, location = line.partition("@")
    if not found or "://" in function:
        # JavaScriptCore leaves out the name and the sign; a URL may hold a sign of its own.
        function, location = "", line
    file, evaluated, rest = location.partition(" line ")
    if evaluated and " > " in rest:
        location = f"{file}:{rest.partition(' ')[0]}:0"
    # "async*run", "setTimeout handler*run": how the call was scheduled
    return _placed(function.rpartition("*")[2], location)


def _placed(function: str, location: str) -> Frame | None:
    """A frame, if the location is a position or what engines write for want of one."""
    rest, _, column = location.rpartition(":")
    file, _, line = rest.rpartition(":")
    if file and _is_number(line) and _is_number(column):
        return _positioned(function, file, int(line), int(column))
    if location in _PLACES or location.startswith(_PLACE_PREFIXES):
        return Frame(location, function or None)
    return None


def _positioned(function: str, file: str, line: int, column: int) -> Frame:
    if file.startswith(_HERMES):
        # Bytecode offsets count from 0, all other columns from 1.
        file, column = file[len(_HERMES) :], column + 1
    package, own = owner_of_script(file)
    return Frame(file, function or None, package, line, column or None, own)


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS
