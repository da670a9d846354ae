"""Raised -> the text that Python prints for it, but for the markers below parts of lines."""

from __future__ import annotations

from itertools import groupby
from typing import Final, Iterable, List

from mana_errors_sdk.frames import source_line
from mana_errors_sdk.snapshot import Call, Raised

# The contract's limit, in characters.
MAX_STACK_TRACE: Final = 50_000
_HEADER: Final = "Traceback (most recent call last):"
_CAUSE: Final = "The above exception was the direct cause of the following exception:"
_CONTEXT: Final = "During handling of the above exception, another exception occurred:"
# Python shows that many equal calls in a row, then says how many more there were.
_SHOWN_REPEATS: Final = 3
_BARE_MODULES: Final = frozenset({"__main__", "builtins"})


def stack_text(raised: Raised) -> str:
    """The chain, causes first, with its groups."""
    text = _Text()
    text.add(raised, 0)
    return _middle_out("\n".join(text.lines))


def _middle_out(text: str) -> str:
    """Both ends of a long text: the failing call and how it got there."""
    if len(text) <= MAX_STACK_TRACE:
        return text
    mark = f"\n… {len(text) - MAX_STACK_TRACE} characters cut …\n"
    half = (MAX_STACK_TRACE - len(mark)) // 2
    return text[:half] + mark + text[-half:]


class _Text:
    """Lines of exceptions; those within groups stand behind a margin."""

    def __init__(self) -> None:
        self.lines: List[str] = []
        self._is_open = False

    def add(self, raised: Raised, depth: int) -> None:
        """An exception behind its causes."""
        if raised.cause is not None:
            self.add(raised.cause, depth)
            link = _CAUSE if raised.is_direct else _CONTEXT
            self._put(["", link, ""], depth)
        if raised.members is None:
            self._put([*_calls(_HEADER, raised), *_only(raised)], depth)
        else:
            self._add_group(raised, raised.members, depth)

    def _add_group(self, group: Raised, members: Iterable[Raised], depth: int) -> None:
        inner = depth or 1
        lines = [*_calls(f"Exception Group {_HEADER}", group), *_only(group)]
        self._put(lines[:1], inner, "|" if depth or len(lines) == 1 else "+")
        self._put(lines[1:], inner)
        members = tuple(members)
        rest = group.more_members
        titles = [str(index + 1) for index in range(len(members))] + ["..."] * (rest > 0)
        self._is_open = False
        for index, title in enumerate(titles):
            corner = "+-" if index == 0 else "  "
            self.lines.append(f"{'  ' * inner}{corner}+---------------- {title} ----------------")
            is_last = index == len(titles) - 1
            self._is_open = is_last
            if index < len(members):
                self.add(members[index], inner + 1)
            else:
                self._put([f"and {rest} more exception{'s' * (rest > 1)}"], inner + 1)
            if is_last and self._is_open:
                self.lines.append("  " * (inner + 1) + "+------------------------------------")
                self._is_open = False

    def _put(self, lines: Iterable[str], depth: int, margin: str = "|") -> None:
        prefix = f"{'  ' * depth}{margin} " if depth else ""
        self.lines += [prefix + part for line in lines for part in line.split("\n")]


def _calls(header: str, raised: Raised) -> List[str]:
    if not raised.calls:
        return []
    lines = [header]
    half = len(raised.calls) // 2 if raised.omitted else len(raised.calls)
    lines += _frames(raised.calls[:half])
    if raised.omitted:
        lines.append(f"  [{raised.omitted} calls left out]")
    lines += _frames(raised.calls[half:])
    return lines


def _frames(calls: Iterable[Call]) -> List[str]:
    lines: List[str] = []
    for (code, line, _), same in groupby(calls, lambda call: (call.code, call.line, call.module)):
        repeated = list(same)
        source = source_line(repeated[0])
        shown = [f'  File "{code.co_filename}", line {line}, in {code.co_name}']
        if source:
            shown.append(f"    {source}")
        lines += shown * min(len(repeated), _SHOWN_REPEATS)
        more = len(repeated) - _SHOWN_REPEATS
        if more > 0:
            lines.append(f"  [Previous line repeated {more} more time{'s' * (more > 1)}]")
    return lines


def _only(raised: Raised) -> List[str]:
    """The exception without its calls."""
    if raised.syntax is not None:
        return [raised.syntax, *raised.notes]
    name = raised.type_name
    if raised.module not in _BARE_MODULES:
        name = f"{raised.module}.{name}"
    return [f"{name}: {raised.message}" if raised.message else name, *raised.notes]
