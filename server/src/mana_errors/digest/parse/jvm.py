"""Frames of the JVM's stacks: Java, Kotlin, Scala.

at com.acme.shop.Cart.total(Cart.java:42)         at java.base/java.lang.Thread.run(Thread.java:8)
at app//com.acme.Cart$1.run(Unknown Source)       ... 12 more
"""

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

# What follows is the stack of an earlier error.
_CAUSES = ("Caused by:", "Suppressed:")
_MAX_DIGITS = 9


def is_jvm(line: str) -> bool:
    """Whether a stripped line is a JVM's frame; V8 has a space in front of the bracket, .NET's
    brackets hold parameters."""
    return _parse_line(line) is not None


def parse_jvm(text: str) -> list[Frame]:
    """Frames, oldest call first; of an error with causes, its own."""
    frames: list[Frame] = []
    for raw in text.split("\n"):
        line = raw.strip()
        if frames and line.startswith(_CAUSES):
            break
        if (frame := _parse_line(line)) is not None:
            frames.append(frame)
    frames.reverse()
    return frames


def _parse_line(line: str) -> Frame | None:
    call, opened, place = line.removeprefix("at ").partition("(")
    if not opened or not line.startswith("at ") or " " in call:
        return None
    place, closed, _ = place.partition(")")
    file, _, number = place.partition(":")
    known = "." in file and " " not in file
    if not closed or not (known or place in {"Native Method", "Unknown Source"}):
        return None
    # Module and class loader stand in front: java.base/, app//
    name = call.rpartition("/")[2]
    module, dot, function = name.rpartition(".")
    if not dot:
        return None
    line_number = int(number) if number.isdecimal() and len(number) <= _MAX_DIGITS else None
    if place == "Unknown Source":
        # Obfuscated, without lines: the method tells all the same.
        line_number = 0
    own = is_own_runtime("java", "", module, "")
    return Frame(file if known else None, function, module, line_number, in_app=own)
