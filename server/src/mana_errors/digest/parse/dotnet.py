"""Frames of .NET's stacks.

at Acme.Shop.Cart.Total(Order order) in /src/Cart.cs:line 42
at System.Threading.Tasks.Task.Execute()
"""

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

_END_OF_CAUSE = "--- End of inner exception stack trace"
_LINE = ":line "
_MAX_DIGITS = 9


def is_dotnet(line: str) -> bool:
    """Whether a stripped line is a .NET frame: brackets without a space in front, and behind them
    nothing or a place."""
    return _parse_line(line) is not None


def parse_dotnet(text: str) -> list[Frame]:
    """Frames, oldest call first; of an error with causes, its own, which stand behind theirs."""
    frames: list[Frame] = []
    for raw in text.split("\n"):
        line = raw.strip()
        if line.startswith(_END_OF_CAUSE):
            frames.clear()
        elif (frame := _parse_line(line)) is not None:
            frames.append(frame)
    frames.reverse()
    return frames


def _parse_line(line: str) -> Frame | None:
    if not line.startswith("at ") or "(" not in line:
        return None
    call, _, place = line[3:].partition(") in ")
    name, opened, parameters = call.partition("(")
    if not opened or " " in name or not (place or parameters.endswith(")")):
        return None
    module, dot, function = name.rpartition(".")
    if not dot:
        return None
    if module.endswith("."):
        # constructors: Acme.Cart..ctor
        module, function = module[:-1], f".{function}"
    file, found, number = place.rpartition(_LINE)
    is_placed = found and number.isdecimal() and len(number) <= _MAX_DIGITS
    # Without symbols there are no lines; the method tells as much.
    own = is_own_runtime("csharp", "", module, "")
    return Frame(
        file or place or None, function, module, int(number) if is_placed else 0, in_app=own
    )
