"""Globs, for any pattern and text."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from mana_errors.ingest.globs import compile_globs

# Few letters, so that patterns and texts meet; some whose case is no single letter.
LETTERS = "abAB.[]\\^\n ßİ"
GLOBS = st.text(LETTERS + "*?", min_size=1, max_size=12)
TEXTS = st.text(LETTERS, max_size=20)


def slowly(glob: str, text: str) -> bool:
    """What a glob means, as a regular expression that may take for ever."""
    pattern = "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in glob.lower())
    return re.fullmatch(pattern, text.lower(), re.DOTALL) is not None


@given(glob=GLOBS, text=TEXTS)
@example(glob="*a*a", text="a")
@example(glob="a*a", text="a")
@example(glob="ab*ba", text="aba")
def test_globs_mean_what_they_say(glob: str, text: str) -> None:
    """`*` any text, `?` any character, all else itself, over the whole text."""
    matches = compile_globs([glob])
    assert matches is not None
    assert matches(text) is slowly(glob, text)


@given(globs=st.lists(GLOBS, max_size=4), text=TEXTS)
def test_several_globs_are_any_of_them(globs: list[str], text: str) -> None:
    matches = compile_globs(globs)
    assert (matches is not None and matches(text)) is any(slowly(glob, text) for glob in globs)


def test_hostile_globs_and_texts_end() -> None:
    """A hundred patterns of stars over a long text: seconds for other ways of matching."""
    hostile = ["*a" * 99 + "b", "*" + "?ab" * 66, "*?" * 99 + "b"] * 33
    matches = compile_globs(hostile)
    assert matches is not None
    assert not matches("a" * 5000)
