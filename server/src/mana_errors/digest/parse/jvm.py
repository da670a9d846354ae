"""Frames of the JVM's stacks: Java, Kotlin, Scala.

at com.acme.shop.Cart.total(Cart.java:42)         at java.base/java.lang.Thread.run(Thread.java:8)
at app//com.acme.Cart$1.run(Unknown Source)       at a.b.c(SourceFile:7)
... 12 more
"""

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

# What follows is the stack of an earlier error.
_CAUSES = ("Caused by:", "Suppressed:")
_MAX_DIGITS = 9
# What stands for the file of native, generated and obfuscated methods.
_NO_FILES = frozenset({"Native Method", "Unknown Source", "SourceFile", "<generated>", ""})
_LAMBDA = "$$Lambda"


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
    file, colon, number = place.partition(":")
    has_file = file not in _NO_FILES
    # .NET's methods without parameters have nothing in the brackets.
    if not closed or not place or (colon and not _is_line(number)):
        return None
    if has_file and not _is_file(file, colon):
        return None
    # Module and class loader stand in front: java.base/, app//. Names of lambdas have a slash.
    name, is_lambda, rest = call.partition(_LAMBDA)
    module, dot, function = f"{name.rpartition('/')[2]}{is_lambda}{rest}".rpartition(".")
    if not dot:
        return None
    own = is_own_runtime("java", "", module, "")
    # Without a line the method tells all the same.
    return Frame(file if has_file else None, function, module, int(number or 0), in_app=own)


def _is_file(name: str, colon: str) -> bool:
    return " " not in name and ("." in name or bool(colon))


def _is_line(number: str) -> bool:
    return number.isdecimal() and len(number) <= _MAX_DIGITS
