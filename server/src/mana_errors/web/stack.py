"""An event's exceptions and stacks as a page shows them: the failing call first, the app's own
calls open, runs of library calls folded, source only as far as a page can bear."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from markupsafe import Markup

from mana_errors.digest.parse import parse_stack
from mana_errors.model.event import JsonObject
from mana_errors.model.reading import EventDetail
from mana_errors.model.stack import Frame, Stack
from mana_errors.web.highlight import highlight, language_of
from mana_errors.web.untyped import Fact, facts, items, mapping, number, objects, text

# Frames with source lines and variables. People read the first few; each costs some 3 KB of page
# and, the first time, 1 ms of colouring.
MAX_SOURCED: Final = 25
# Of one frame: what fits a screen. SDKs send five lines before and after.
MAX_CONTEXT_LINES: Final = 10
MAX_LINE: Final = 300
MAX_VARIABLES: Final = 30
# Deeper nesting of causes and groups is no longer a picture.
MAX_DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One source line."""

    number: int | None
    html: Markup
    # the failing one
    current: bool


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One call."""

    function: str
    # where it stands in the app's tree, as the runtime says it
    file: str
    line: int | None
    column: int | None
    in_app: bool
    # the whole path, where it says more than the file
    path: str = ""
    module: str = ""
    lines: tuple[Line, ...] = ()
    variables: tuple[Fact, ...] = ()

    @property
    def place(self) -> str:
        """File, line and column, as editors read them."""
        numbers = [str(part) for part in (self.line, self.column) if part is not None]
        return ":".join([self.file or self.module or "?", *numbers])


@dataclass(frozen=True, slots=True)
class Run:
    """Calls in a row that are all the app's own, or all not."""

    in_app: bool
    frames: tuple[ShownFrame, ...]


@dataclass(frozen=True, slots=True)
class ShownException:
    """One exception of a chain or a group, or a stack that belongs to none."""

    type: str = ""
    value: str = ""
    module: str = ""
    # how it was caught: "django", "onunhandledrejection"
    mechanism: str = ""
    handled: bool | None = None
    # its number and its parent's, where the client tells
    number: int | None = None
    parent: int | None = None
    is_group: bool = False
    # below how many others it hangs
    depth: int = 0
    runs: tuple[Run, ...] = ()
    omitted: int = 0


def show_exceptions(event: EventDetail) -> tuple[ShownException, ...]:
    """What the event is about first, then its causes. Without structured frames those that its
    text holds; empty where it holds none."""
    payload = event.payload
    budget = _Budget(str((payload or {}).get("platform") or ""))
    structured = [_exception(item, budget) for item in reversed(objects(payload, "exceptions"))]
    if any(item.runs for item in structured):
        return _with_depths(structured)
    if frames := objects(payload, "frames"):
        only = ShownException(event.error_type, event.message, runs=budget.runs(frames))
        return (only, *structured)
    parsed = parse_stack(event.stack_trace) if event.stack_trace else None
    if parsed is None:
        return _with_depths(structured)
    said = structured[0] if structured else ShownException(event.error_type, event.message)
    return (_with_runs(said, parsed), *structured[1:])


def show_threads(payload: JsonObject | None) -> list[tuple[str, tuple[Run, ...]]]:
    """Threads that have a stack, the crashed one first: name and calls."""
    budget = _Budget(str((payload or {}).get("platform") or ""))
    threads = sorted(objects(payload, "threads"), key=lambda t: t.get("crashed") is not True)
    named = [(_thread_name(thread), objects(thread, "frames")) for thread in threads]
    return [(name, budget.runs(frames)) for name, frames in named if frames]


def _thread_name(thread: JsonObject) -> str:
    return " ".join(str(thread[name]) for name in ("name", "id") if thread.get(name) is not None)


class _Budget:
    """Reads frames, and says how much source is still to be shown."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._left = MAX_SOURCED

    def runs(self, frames: list[JsonObject]) -> tuple[Run, ...]:
        """The failing call first."""
        return _runs([self._frame(frame) for frame in reversed(frames)])

    def _frame(self, frame: JsonObject) -> ShownFrame:
        in_app = frame.get("inApp") is True
        # a library's failing call is read with its caller, and its source is on the reader's disk
        sourced = in_app and self._left > 0
        lines = _source(frame, self._platform) if sourced else ()
        variables = facts(mapping(frame, "vars"), MAX_VARIABLES) if sourced else []
        self._left -= bool(lines or variables)
        path = text(frame, "path")
        return ShownFrame(
            function=text(frame, "function"),
            file=text(frame, "file") or text(frame, "package") or path,
            path=path,
            module=text(frame, "module"),
            line=number(frame, "line"),
            column=number(frame, "column"),
            in_app=in_app,
            lines=lines,
            variables=tuple(variables),
        )


def _exception(item: JsonObject, budget: _Budget) -> ShownException:
    mechanism = mapping(item, "mechanism")
    handled = mechanism.get("handled")
    return ShownException(
        type=text(item, "type"),
        value=text(item, "value"),
        module=text(item, "module"),
        mechanism=text(mechanism, "type"),
        handled=handled if isinstance(handled, bool) else None,
        number=number(mechanism, "id"),
        parent=number(mechanism, "parentId"),
        is_group=mechanism.get("isGroup") is True,
        runs=budget.runs(objects(item, "frames")),
        omitted=number(item, "omitted") or 0,
    )


def _with_depths(exceptions: list[ShownException]) -> tuple[ShownException, ...]:
    """Each with how far below the first it hangs; without numbers, a plain chain, all at none."""
    parents: dict[int | None, int | None] = {
        item.number: item.parent for item in exceptions if item.number is not None
    }
    return tuple(
        replace(item, depth=min(sum(1 for _ in _ancestors(item.parent, parents)), MAX_DEPTH))
        for item in exceptions
    )


def _ancestors(number: int | None, parents: dict[int | None, int | None]) -> Iterator[int]:
    seen: set[int] = set()
    while number is not None and number not in seen:
        seen.add(number)
        yield number
        number = parents.get(number)


def _with_runs(exception: ShownException, stack: Stack) -> ShownException:
    frames = [_parsed(frame, stack.language) for frame in reversed(stack.frames)]
    return replace(exception, runs=_runs(frames), omitted=stack.omitted)


def _parsed(frame: Frame, language: str) -> ShownFrame:
    lines: tuple[Line, ...] = ()
    if frame.context_line:
        (html,) = highlight(language, (frame.context_line[:MAX_LINE],))
        lines = (Line(frame.line, html, current=True),)
    return ShownFrame(
        function=frame.function or "",
        file=frame.file or "",
        module=frame.module or "",
        line=frame.line,
        column=frame.column,
        in_app=frame.in_app,
        lines=lines,
    )


def _runs(frames: list[ShownFrame]) -> tuple[Run, ...]:
    grouped = groupby(frames, lambda frame: frame.in_app)
    return tuple(Run(in_app, tuple(calls)) for in_app, calls in grouped)


def _source(frame: JsonObject, platform: str) -> tuple[Line, ...]:
    """The lines around the failing one, coloured together: a string may span several."""
    current = text(frame, "contextLine")
    if not current:
        return ()
    before = [str(line) for line in items(frame, "preContext")][-MAX_CONTEXT_LINES:]
    after = [str(line) for line in items(frame, "postContext")][:MAX_CONTEXT_LINES]
    cut = tuple(line.rstrip("\n")[:MAX_LINE] for line in (*before, current, *after))
    language = language_of(text(frame, "file") or text(frame, "path"), platform)
    at = number(frame, "line")
    return tuple(
        Line(None if at is None else at + index - len(before), html, index == len(before))
        for index, html in enumerate(highlight(language, cut))
    )
