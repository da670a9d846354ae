"""An exception -> Raised, in the thread that raised it: what may change or vanish is copied, and
none of the program's objects are kept. What it takes to read source files is left to the worker.
"""

from __future__ import annotations

from types import CodeType, TracebackType
from typing import Any, Dict, Final, List, NamedTuple, Optional, Sequence, Set, Tuple, cast

from mana_errors_sdk.local_variables import Variables, variables_of
from mana_errors_sdk.values import cut, text_of

# The server keeps as many: exceptions of a chain or group, and frames of a stack.
MAX_EXCEPTIONS: Final = 32
MAX_FRAMES: Final = 200
_HALF: Final = MAX_FRAMES // 2
MAX_NOTES: Final = 20
MAX_CODE: Final = 100


class Call(NamedTuple):
    """A frame: the code that ran (it says file and function), where it was, and in what module."""

    code: CodeType
    line: int
    module: Optional[str]
    variables: Optional[Variables]


class Raised(NamedTuple):
    """One exception with what it was raised from."""

    type_name: str
    module: str
    # its own code, e.g. VALIDATION_FAILED or ENOENT
    code: Optional[str]
    message: str
    notes: Tuple[str, ...]
    # oldest call first; `omitted` others are left out of the middle
    calls: Tuple[Call, ...]
    omitted: int
    cause: Optional[Raised]
    # whether `cause` was named by `raise … from`
    is_direct: bool
    # None: no group
    members: Optional[Tuple[Raised, ...]]
    # members that are left out
    more_members: int
    # what Python prints for a SyntaxError, which names file and line
    syntax: Optional[str]


def take_snapshot(error: BaseException, *, with_variables: bool = False) -> Raised:
    """The exception, its chain and its group, each at most once."""
    return _Walk(with_variables=with_variables).take(error)


class _Walk:
    def __init__(self, *, with_variables: bool) -> None:
        self._with_variables = with_variables
        self._seen: Set[int] = set()

    def take(self, error: BaseException) -> Raised:
        self._seen.add(id(error))
        calls, omitted = self._calls(error.__traceback__)
        cause = error.__cause__
        if cause is None and not error.__suppress_context__:
            cause = error.__context__
        kind = type(error)
        members, more = self._members(error)
        return Raised(
            kind.__name__,
            kind.__module__,
            code_of(error),
            cut(text_of(error)),
            _notes(error),
            calls,
            omitted,
            self.take(cause) if cause is not None and self._is_new(cause) else None,
            error.__cause__ is not None,
            members,
            more,
            _syntax(error) if isinstance(error, SyntaxError) else None,
        )

    def _is_new(self, error: BaseException) -> bool:
        return id(error) not in self._seen and len(self._seen) < MAX_EXCEPTIONS

    def _members(self, error: BaseException) -> Tuple[Optional[Tuple[Raised, ...]], int]:
        # by its looks: before Python 3.11 groups come from a package, or from trio
        members = _attribute(error, "exceptions")
        if type(members) is not tuple or not members:
            return None, 0
        all_members = cast("Tuple[object, ...]", members)
        if not all(isinstance(member, BaseException) for member in all_members):
            return None, 0
        errors = cast("Tuple[BaseException, ...]", all_members)
        taken = tuple([self.take(member) for member in errors if self._is_new(member)])
        return taken, len(errors) - len(taken)

    def _calls(self, traceback: Optional[TracebackType]) -> Tuple[Tuple[Call, ...], int]:
        # The tracebacks of a runaway recursion are walked, but only what is kept becomes a Call.
        chain: List[TracebackType] = []
        while traceback is not None:
            chain.append(traceback)
            traceback = traceback.tb_next
        omitted = max(len(chain) - MAX_FRAMES, 0)
        if omitted:
            chain[_HALF : _HALF + omitted] = []
        if self._with_variables:
            return tuple([_call(entry, variables_of(entry.tb_frame)) for entry in chain]), omitted
        return _shared_calls(chain), omitted


# Stacks that were met, by code objects and instructions. A storm has few of them, and a thousand
# events in the queue share one: a tenth of the memory. The calls keep the code objects alive, so
# that no other can get the same id.
_stacks: Final[Dict[Tuple[int, ...], Tuple[Call, ...]]] = {}
_MOST_STACKS: Final = 128


def _shared_calls(chain: List[TracebackType]) -> Tuple[Call, ...]:
    key: List[int] = []
    for entry in chain:
        key += (id(entry.tb_frame.f_code), entry.tb_lasti)
    found = _stacks.get(known := tuple(key))
    if found is None:
        if len(_stacks) >= _MOST_STACKS:
            _stacks.clear()
        found = _stacks[known] = tuple([_call(entry, None) for entry in chain])
    return found


def _call(entry: TracebackType, variables: Optional[Variables]) -> Call:
    frame = entry.tb_frame
    return Call(frame.f_code, entry.tb_lineno, frame.f_globals.get("__name__"), variables)


def _attribute(error: BaseException, name: str) -> object:
    try:
        return getattr(error, name, None)
    except Exception:  # noqa: BLE001 - a property is code of the program; it has no such attribute
        return None


def code_of(error: BaseException) -> Optional[str]:
    """The code that an exception carries: its `error_code` or `code`, or the name of its errno."""
    for name in ("error_code", "code"):
        code = _attribute(error, name)
        if isinstance(code, str) and 0 < len(code) <= MAX_CODE:
            return code
    if isinstance(error, OSError) and error.errno is not None:
        import errno

        return errno.errorcode.get(error.errno)
    return None


def _notes(error: BaseException) -> Tuple[str, ...]:
    notes = _attribute(error, "__notes__")
    if not isinstance(notes, (list, tuple)):
        return ()
    listed = cast("Sequence[Any]", notes)
    return tuple([cut(text_of(note)) for note in listed[:MAX_NOTES]])


def _syntax(error: SyntaxError) -> str:
    import traceback

    return cut("".join(traceback.format_exception_only(type(error), error)).rstrip("\n"))
