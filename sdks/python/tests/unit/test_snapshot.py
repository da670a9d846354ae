"""What is copied of an exception, and that it never hurts."""

import gc
import sys
import weakref

import pytest

from mana_errors_sdk.snapshot import MAX_EXCEPTIONS, MAX_FRAMES, code_of, take_snapshot


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("did not raise")


def deep(n):
    return deep(n - 1) if n else 1 / 0


def test_calls_stand_oldest_first_with_file_function_and_line():
    """The failing call is the last."""
    calls = take_snapshot(caught(deep, 2)).calls
    assert [call.code.co_name for call in calls] == ["caught", "deep", "deep", "deep"]
    assert calls[-1].code.co_filename == __file__
    assert calls[-1].module == __name__


def test_equal_stacks_are_shared_and_different_lines_are_not():
    """A storm in the queue holds one stack; another line of the same function is another stack."""

    def fail(which):
        if which:
            raise ValueError
        raise ValueError

    one, two, other = (take_snapshot(caught(fail, which)).calls for which in (0, 0, 1))
    assert one is two
    assert one[-1].line != other[-1].line


def test_many_different_stacks_stay_bounded():
    """Code that is made while the program runs is not kept for ever."""
    from mana_errors_sdk import snapshot

    for index in range(300):
        scope = {}
        exec(compile(f"def made():\n{chr(10) * index} 1/0", "made.py", "exec"), scope)
        assert take_snapshot(caught(scope["made"])).calls[-1].line == index + 2
    assert len(snapshot._stacks) <= 128


def test_nothing_of_the_program_is_kept():
    """Neither the exception nor what its frames held."""

    class Large(Exception):
        pass

    def fail():
        raise Large("x")

    error = caught(fail)
    watched = weakref.ref(error)
    raised = take_snapshot(error)
    del error
    gc.collect()
    assert watched() is None
    assert raised.message == "x"


def test_a_message_that_fails_is_told_as_such():
    """__str__ of a stranger may raise."""

    class Bad(Exception):
        def __str__(self):
            raise RuntimeError("no")

    assert "str() failed" in take_snapshot(Bad()).message


class Empty(Exception):
    """As a collection of errors has it that holds none."""

    def __len__(self):
        return 0


def test_a_cause_that_looks_like_nothing_is_one():
    """Exceptions may have a length or a truth of their own."""
    error = ValueError("x")
    error.__context__ = KeyError("met meanwhile")
    error.__cause__ = Empty()
    cause = take_snapshot(error).cause
    assert cause is not None
    assert cause.type_name == "Empty"


def test_a_chain_that_bites_its_tail_ends():
    """Each exception is told once."""
    one, two = ValueError("1"), ValueError("2")
    one.__context__, two.__context__ = two, one
    raised = take_snapshot(one)
    assert raised.cause
    assert raised.cause.message == "2"
    assert raised.cause.cause is None


def test_a_long_chain_is_bounded():
    """As many exceptions as the server keeps."""
    error = None
    for index in range(100):
        outer = ValueError(str(index))
        outer.__cause__ = error
        error = outer
    raised, count = take_snapshot(error), 1
    while raised.cause is not None:
        raised, count = raised.cause, count + 1
    assert count == MAX_EXCEPTIONS


def test_a_runaway_recursion_is_bounded():
    """The first and the last calls stay."""

    def run_away():
        run_away()

    raised = take_snapshot(caught(run_away))
    assert len(raised.calls) == MAX_FRAMES
    assert raised.omitted > 500
    assert raised.type_name == "RecursionError"


def test_the_code_of_an_exception():
    """Its own error_code or code, else the name of its errno."""

    class Coded(Exception):
        error_code = "VALIDATION_FAILED"

    class Numbered(Exception):
        code = 7

    assert code_of(Coded()) == "VALIDATION_FAILED"
    assert code_of(Numbered()) is None
    assert code_of(FileNotFoundError(2, "no")) == "ENOENT"
    assert code_of(ValueError()) is None


def test_an_attribute_that_raises_costs_nothing():
    """Properties of exceptions are code of the program."""

    class Trap(Exception):
        @property
        def error_code(self):
            raise RuntimeError("no")

        @property
        def exceptions(self):
            raise RuntimeError("no")

    assert take_snapshot(Trap("x")).message == "x"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with 3.11")
def test_members_of_a_group_and_notes():
    """In order; what does not fit is counted."""
    group = ExceptionGroup("all", [ValueError(str(index)) for index in range(50)])
    group.add_note("look here")
    raised = take_snapshot(group)
    assert len(raised.members) == MAX_EXCEPTIONS - 1
    assert raised.more_members == 50 - len(raised.members)
    assert raised.notes == ("look here",)
