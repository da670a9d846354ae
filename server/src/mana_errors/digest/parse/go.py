"""Frames of Go's panics and of errors with stacks: two lines a call.

main.(*Cart).Total(0xc000010000, 0x3)
        /srv/shop/cart.go:42 +0x1d
"""

from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.stack import Frame

_MAX_DIGITS = 9
_CREATED = "created by "


def parse_go(text: str) -> list[Frame]:
    """Frames, oldest call first; of several goroutines the first, which is the one that failed."""
    frames: list[Frame] = []
    before = ""
    for line in text.split("\n"):
        if frames and line.startswith("goroutine "):
            break
        if line.startswith("\t") and (frame := _frame(before, line.strip())) is not None:
            frames.append(frame)
        before = line.strip()
    frames.reverse()
    return frames


def _frame(call: str, place: str) -> Frame | None:
    path, _, rest = place.rpartition(":")
    number = rest.partition(" ")[0]
    if not path.endswith(".go") or not number.isdecimal() or len(number) > _MAX_DIGITS:
        return None
    function = call.removeprefix(_CREATED).partition(" in goroutine ")[0]
    if function.endswith(")"):
        function = function[: function.rfind("(")]
    # The package says nothing that the file does not: github.com/acme/shop.(*Cart).Total
    function = function.rpartition("/")[2].partition(".")[2] or function
    own = is_own_runtime("go", path, "", "")
    return Frame(path, function or None, None, int(number), in_app=own)
