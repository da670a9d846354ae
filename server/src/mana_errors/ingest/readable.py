"""Structured exceptions -> the text that the runtime itself would have printed.

It fills the contract's stack_trace, for people who read the table with SQL.
"""

from collections.abc import Iterable
from typing import Any, Final

from mana_errors.model.event import JsonObject

# The contract's for stack_trace; longer texts are cut in the middle later.
MAX_CHARACTERS: Final = 100_000
_PYTHON: Final = "python"
_JAVASCRIPT: Final = frozenset({"javascript", "node", "wasm"})
_CAUSE: Final = "The above exception was the direct cause of the following exception:"
_CONTEXT: Final = "During handling of the above exception, another exception occurred:"


def readable_stack(payload: JsonObject) -> str | None:
    """The stack of a payload as text; None without one. Python prints the failing call last and
    causes first, everybody else the other way round."""
    platform = payload.get("platform") or ""
    exceptions: list[JsonObject] = payload.get("exceptions") or []
    if not any("frames" in thrown for thrown in exceptions):
        return _frames_alone(payload, platform)
    if platform == _PYTHON:
        text = "".join(_python(exceptions))
    else:
        calls = _v8 if platform in _JAVASCRIPT else _jvm
        text = "\nCaused by: ".join(
            "\n".join([_head(thrown), *calls(thrown)]) for thrown in reversed(exceptions)
        )
    return text[:MAX_CHARACTERS]


def _frames_alone(payload: JsonObject, platform: str) -> str | None:
    """A message's stack, or that of the thread that crashed."""
    threads: list[JsonObject] = payload.get("threads") or []
    chosen: JsonObject = payload if payload.get("frames") else {}
    for thread in sorted(threads, key=_importance, reverse=True):
        chosen = chosen or thread
    if not chosen.get("frames"):
        return None
    if platform == _PYTHON:
        lines = ["Stack (most recent call last):", *_python_calls(chosen)]
    else:
        lines = list((_v8 if platform in _JAVASCRIPT else _jvm)(chosen))
    return "\n".join(lines)[:MAX_CHARACTERS]


def _importance(thread: JsonObject) -> tuple[bool, bool]:
    return bool(thread.get("crashed")), bool(thread.get("current"))


def _head(thrown: JsonObject) -> str:
    kind, value = thrown.get("type"), thrown.get("value")
    return ": ".join(part for part in (kind, value) if part)


def _python(exceptions: list[JsonObject]) -> Iterable[str]:
    for index, thrown in enumerate(exceptions):
        if index:
            mechanism: JsonObject = exceptions[index - 1].get("mechanism") or {}
            source = mechanism.get("source")
            yield f"\n{_CONTEXT if source == '__context__' else _CAUSE}\n\n"
        if thrown.get("frames"):
            yield "Traceback (most recent call last):\n"
            yield "".join(f"{line}\n" for line in _python_calls(thrown))
        module = thrown.get("module")
        is_plain = module in {None, "builtins", "__main__", "exceptions"}
        yield f"{_head(thrown) if is_plain else f'{module}.{_head(thrown)}'}\n"


def _python_calls(stack: JsonObject) -> Iterable[str]:
    for frame in _frames(stack):
        if isinstance(frame, str):
            yield f"  {frame}"
            continue
        file = frame.get("path") or frame.get("file") or frame.get("module") or "?"
        yield f'  File "{file}", line {frame.get("line") or 0}, in {frame.get("function") or "?"}'
        if source := (frame.get("contextLine") or "").strip():
            yield f"    {source}"


def _v8(stack: JsonObject) -> Iterable[str]:
    for frame in reversed(_frames(stack)):
        if isinstance(frame, str):
            yield f"    {frame}"
            continue
        place = frame.get("path") or frame.get("file") or "<anonymous>"
        place = ":".join(
            str(part) for part in (place, frame.get("line"), frame.get("column")) if part
        )
        function = frame.get("function")
        yield f"    at {place}" if function in {None, "?"} else f"    at {function} ({place})"


def _jvm(stack: JsonObject) -> Iterable[str]:
    for frame in reversed(_frames(stack)):
        if isinstance(frame, str):
            yield f"    {frame}"
            continue
        name = ".".join(part for part in (frame.get("module"), frame.get("function")) if part)
        place = (
            frame.get("file") or frame.get("package") or frame.get("address") or "Unknown Source"
        )
        line = frame.get("line")
        yield (
            f"    at {name or '?'} ({place}:{line})" if line else f"    at {name or '?'} ({place})"
        )


def _frames(stack: JsonObject) -> list[Any]:
    """Frames, and a line where some were left out."""
    frames: list[Any] = stack.get("frames") or []
    omitted = stack.get("omitted")
    if not omitted:
        return frames
    middle = len(frames) // 2
    return [*frames[:middle], f"[{omitted} calls left out]", *frames[middle:]]
