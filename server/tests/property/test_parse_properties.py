"""Parsing stacks, for any text."""

from hypothesis import given
from hypothesis import strategies as st

from mana_errors.digest.parse import KEPT_EACH_END, parse_stack
from mana_errors.model.stack import Frame, Stack

PIECES = st.sampled_from(
    [
        "    at ", "at async ", "Error: x", "(", ")", " (", "eval at ", "<anonymous>", "native",
        "[native code]", "@", ":", ":1:2", ":1", "\n", " ", "https://x.test/a.js", "node:fs",
        '  File "', '", line ', "3", ", in ", "f", "\n    x = 1", "^^^^", "Traceback (most recent ",
        "call last):", "[Previous line repeated 3 more times]", "  | ", "+-+----", " > eval",
        " line 4", "[cause]:", "wasm://", "address at ", "[as x]", "٣", "During handling of the ",
        "above exception",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)

NAMES = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$.]{0,20}", fullmatch=True)
NUMBERS = st.integers(min_value=1, max_value=10**6)
SCRIPTS = st.from_regex(r"(https://x\.test|file://)?(/[a-z0-9@._-]{1,8}){1,4}\.js", fullmatch=True)
SOURCES = st.from_regex(r"/srv(/[a-z0-9@. _-]{1,8}){1,4}\.py", fullmatch=True)
CALLS = st.lists(st.tuples(NAMES, SCRIPTS, NUMBERS, NUMBERS), min_size=1, max_size=8)
PYTHON_CALLS = st.lists(st.tuples(NAMES, SOURCES, NUMBERS), min_size=1, max_size=8)


@given(text=TEXT)
def test_any_text_gives_frames_or_none(text: str) -> None:
    """Never raises; a stack has frames, and never more than the limit."""
    stack = parse_stack(text)
    assert stack is None or 0 < len(stack.frames) <= 2 * KEPT_EACH_END


@given(text=TEXT)
def test_a_frame_is_a_line_of_the_text(text: str) -> None:
    """Linear: no line gives more than one frame, and positions are positive and bounded."""
    stack = parse_stack(text)
    for frame in stack.frames if stack else ():
        assert frame.line is None or 0 <= frame.line < 10**9
        assert frame.column is None or 0 < frame.column <= 10**9
        assert not frame.in_app or frame.line is not None
    assert stack is None or len(stack.frames) <= text.count("\n") + 1


def positions(stack: Stack | None) -> list[tuple[str | None, str | None, int | None, int | None]]:
    assert stack is not None
    return [(call.function, call.file, call.line, call.column) for call in reversed(stack.frames)]


@given(calls=CALLS, message=st.text(alphabet="abc XYZ.!", max_size=30))
def test_v8_round_trip(calls: list[tuple[str, str, int, int]], message: str) -> None:
    """What V8 writes is read as it was."""
    lines = [f"    at {name} ({file}:{line}:{column})" for name, file, line, column in calls]
    assert positions(parse_stack("\n".join([f"Error: {message}", *lines]))) == calls


@given(calls=CALLS)
def test_gecko_and_javascriptcore_round_trip(calls: list[tuple[str, str, int, int]]) -> None:
    """What Firefox and Safari write is read as it was."""
    lines = [f"{name}@{file}:{line}:{column}" for name, file, line, column in calls]
    assert positions(parse_stack("\n".join(lines))) == calls


@given(calls=PYTHON_CALLS)
def test_python_round_trip(calls: list[tuple[str, str, int]]) -> None:
    """What Python writes is read as it was, source lines included."""
    lines = [
        f'  File "{file}", line {line}, in {name}\n    {name}({line})\n    ^^^^'
        for name, file, line in calls
    ]
    text = "\n".join(["Traceback (most recent call last):", *lines, "ValueError: x"])
    stack = parse_stack(text)
    assert stack is not None
    assert list(stack.frames) == [
        Frame(file, name, line=line, in_app=True, context_line=f"{name}({line})")
        for name, file, line in calls
    ]
