"""Parsers of text stacks take whatever a stranger writes."""

from hypothesis import given
from hypothesis import strategies as st

from mana_errors.digest.parse import KEPT_EACH_END, parse_stack

PIECES = (
    *("at ", "(", ")", ":", "\n", "\t", " ", "Cart.java", "a.b.C", "Caused by:", ":line ", "#0 "),
    *("goroutine 1 [running]:", "/x.go:12", " +0x1", "from ", ":in `", "'", "->", "::", "{main}"),
    *('File "', '", line ', ", in ", " in ", "/x.php:3", "12", "9" * 30, "@", "<anonymous>", "é"),
    *("--- End of inner exception stack trace", "created by ", "Unknown Source", "\\", "Next "),
)


@given(st.lists(st.sampled_from(PIECES), max_size=200).map("".join) | st.text(max_size=2000))
def test_every_text_is_read(text: str) -> None:
    """Never raises; frames are bounded, with lines that are numbers."""
    stack = parse_stack(text)
    if stack is not None:
        assert 0 < len(stack.frames) <= 2 * KEPT_EACH_END
        assert all(frame.line is None or frame.line >= 0 for frame in stack.frames)
