"""The text of a stack is Python's own."""

import sys
import traceback

import pytest

from mana_errors_sdk.snapshot import take_snapshot
from mana_errors_sdk.text import MAX_STACK_TRACE, stack_text


def python_text(error):
    """As Python prints it, without the markers below parts of lines, which are of 3.11 and later."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    lines = [line for line in text.rstrip("\n").split("\n") if not set(line) <= set("|+ ^~")]
    return "\n".join(line for line in lines if line.strip(" |"))


def our_text(error):
    text = stack_text(take_snapshot(error))
    return "\n".join(
        line for line in text.split("\n") if line.strip(" |") and not set(line) <= set("|+ ^~")
    )


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("did not raise")


class AppError(Exception):
    """One of a module, which Python names with it."""


def plain():
    raise ValueError("bad")


def empty():
    raise AppError


def of_two_lines():
    raise AppError("one\ntwo")


def direct():
    try:
        plain()
    except ValueError as error:
        raise AppError("outer") from error


def while_handling():
    try:
        direct()
    except AppError:
        raise KeyError("k")


def suppressed():
    try:
        plain()
    except ValueError:
        raise AppError("alone") from None


def deep(n):
    if n:
        return deep(n - 1)
    raise ValueError("deep")


def wrong_syntax():
    compile("a = = 1", "made.py", "exec")


def unraised():
    raise RuntimeError("outer") from ValueError("never raised")


@pytest.mark.parametrize(
    "function",
    [plain, empty, of_two_lines, direct, while_handling, suppressed, wrong_syntax, unraised],
    ids=lambda function: function.__name__,
)
def test_the_text_of_an_exception_is_pythons(function):
    """Line for line, with causes, contexts and several lines of message."""
    error = caught(function)
    assert our_text(error) == python_text(error)


@pytest.mark.parametrize("depth", [1, 3, 4, 5, 50])
def test_repeated_calls_are_told_once(depth):
    """As Python does it: three of them, then how many more."""
    error = caught(deep, depth)
    assert our_text(error) == python_text(error)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes and groups came with 3.11")
class TestSince311:
    """What older Pythons cannot print."""

    def test_notes_follow_the_message(self):
        """__notes__, each on lines of its own."""
        error = caught(plain)
        error.add_note("seen in checkout\ntwice")
        assert our_text(error) == python_text(error)

    def test_groups_are_drawn_as_python_draws_them(self):
        """With members, members' causes, and groups within groups."""

        def fail():
            inner = ExceptionGroup("inner", [caught(direct), caught(plain)])
            raise ExceptionGroup("outer", [caught(empty), caught(_raise, inner), caught(deep, 5)])

        error = caught(fail)
        assert our_text(error) == python_text(error)

    def test_a_group_as_a_cause(self):
        """A chain may begin with a group."""

        def fail():
            try:
                raise ExceptionGroup("some", [caught(plain)])
            except ExceptionGroup as group:
                raise AppError("wrapped") from group

        error = caught(fail)
        assert our_text(error) == python_text(error)


def _raise(error):
    raise error


def test_a_runaway_recursion_keeps_both_ends():
    """The way in and the failing call stay; how many calls are left out is said."""
    error = caught(deep, 600)
    text = stack_text(take_snapshot(error))
    assert f"[{602 - 200} calls left out]" in text
    assert text.startswith("Traceback")
    assert text.endswith("ValueError: deep")


def test_a_long_text_is_cut_in_its_middle():
    """The contract takes 50,000 characters."""
    error = caught(_chain, 30)
    text = stack_text(take_snapshot(error))
    assert len(text) <= MAX_STACK_TRACE
    assert "characters cut" in text


def _chain(n):
    try:
        raise ValueError("x" * 4000)
    except ValueError as error:
        if n:
            try:
                _chain(n - 1)
            except ValueError as inner:
                raise ValueError("y" * 4000) from inner
        raise error
