"""Sentry's exceptions, threads and stacks -> ours (model/payload.py)."""

from collections.abc import Callable
from typing import Any, Final

from mana_errors.ingest.sentry.coerce import (
    as_bool,
    as_int,
    as_list,
    as_object,
    as_text,
    name_of,
    objects,
    without_empty,
)
from mana_errors.model.event import JsonObject

# The outermost calls say where a run came from and the innermost where it failed; a runaway
# recursion repeats itself in between. Telebugs keeps as many.
FRAMES_EACH_END: Final = 100
EXCEPTIONS_EACH_END: Final = 16
MAX_THREADS: Final = 100
# Lines of source above and below a call; SDKs send five.
MAX_CONTEXT_LINES: Final = 10
# Of a line of source: minified bundles are one line.
MAX_LINE: Final = 1000
_MAX_NAME: Final = 1000


def read_exceptions(event: JsonObject) -> tuple[list[JsonObject], int]:
    """The chain, oldest cause first, and how many were left out of the middle."""
    said = event.get("exception") or event.get("sentry.interfaces.Exception")
    return trim([_exception(value) for value in objects(said)], EXCEPTIONS_EACH_END)


def read_threads(event: JsonObject) -> list[JsonObject]:
    """Threads that have a stack or crashed."""
    threads = [_thread(value) for value in objects(event.get("threads"))]
    return [thread for thread in threads if "frames" in thread or "crashed" in thread][:MAX_THREADS]


def read_stack(value: Any) -> JsonObject:
    """`frames` and `omitted` of a stack trace."""
    stack = as_object(value)
    frames, surplus = trim(
        [frame for frame in map(_frame, objects(stack.get("frames"))) if frame], FRAMES_EACH_END
    )
    left_out = as_list(stack.get("frames_omitted"))
    if len(left_out) == 2:  # noqa: PLR2004 - first and last
        surplus += max((as_int(left_out[1]) or 0) - (as_int(left_out[0]) or 0), 0)
    return without_empty({"frames": frames, "omitted": surplus or None})


def trim(items: list[JsonObject], each_end: int) -> tuple[list[JsonObject], int]:
    """The items without those in the middle, and how many those are."""
    surplus = len(items) - 2 * each_end
    if surplus <= 0:
        return items, 0
    return items[:each_end] + items[-each_end:], surplus


def _exception(value: JsonObject) -> JsonObject:
    return without_empty(
        {
            "type": name_of(value.get("type"), _MAX_NAME),
            "value": as_text(value.get("value")),
            "module": name_of(value.get("module"), _MAX_NAME),
            "threadId": name_of(value.get("thread_id"), _MAX_NAME),
            "mechanism": _mechanism(value.get("mechanism")),
            **read_stack(value.get("stacktrace") or value.get("raw_stacktrace")),
        }
    )


def _mechanism(value: Any) -> JsonObject:
    said = as_object(value)
    return without_empty(
        {
            "type": name_of(said.get("type"), _MAX_NAME),
            "handled": as_bool(said.get("handled")),
            "synthetic": as_bool(said.get("synthetic")),
            "id": as_int(said.get("exception_id")),
            "parentId": as_int(said.get("parent_id")),
            "isGroup": as_bool(said.get("is_exception_group")),
            "source": name_of(said.get("source"), _MAX_NAME),
            "data": as_object(said.get("data")),
            "meta": as_object(said.get("meta")),
        }
    )


def _thread(value: JsonObject) -> JsonObject:
    return without_empty(
        {
            "id": name_of(value.get("id"), _MAX_NAME),
            "name": name_of(value.get("name"), _MAX_NAME),
            "crashed": as_bool(value.get("crashed")),
            "current": as_bool(value.get("current")),
            **read_stack(value.get("stacktrace")),
        }
    )


def _frame(value: JsonObject) -> JsonObject:
    """Frames are most of an event, so what is as it should be is taken as it is."""
    frame: JsonObject = {}
    for name, said in value.items():
        if said is None or (field := _FRAME_FIELDS.get(name)) is None:
            continue
        ours, read, usual = field
        kind: object = type(said)  # pyright: ignore[reportUnknownVariableType] - strange JSON
        if kind is usual and not (kind is str and len(said) > _MAX_NAME):
            clean = said
        else:
            clean = read(said)
        if clean or clean is False or clean == 0:
            frame[ours] = clean
    return _with_one_name(frame)


def _with_one_name(frame: JsonObject) -> JsonObject:
    """`path` and `rawFunction` only stand where they say more."""
    path, raw = frame.get("path"), frame.pop("rawFunction", None)
    if raw is not None:
        frame.setdefault("function", raw)
    if path is not None:
        frame.setdefault("file", path)
        if frame["file"] == path:
            del frame["path"]
    return frame


def _as_name(value: Any) -> str | None:
    return as_text(value, _MAX_NAME)


def _as_line(value: Any) -> str | None:
    return as_text(value, MAX_LINE)


def _lines_above(value: Any) -> list[str]:
    return _lines(value)[-MAX_CONTEXT_LINES:]


def _lines_below(value: Any) -> list[str]:
    return _lines(value)[:MAX_CONTEXT_LINES]


def _lines(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [as_text(line, MAX_LINE) or "" for line in as_list(value)]


# Sentry's name -> ours, how to read it, and the type that needs no reading: short texts do not.
_FRAME_FIELDS: Final[dict[str, tuple[str, Callable[[Any], Any], type | None]]] = {
    "filename": ("file", _as_name, str),
    "abs_path": ("path", _as_name, str),
    "function": ("function", _as_name, str),
    "raw_function": ("rawFunction", _as_name, str),
    "module": ("module", _as_name, str),
    "package": ("package", _as_name, str),
    "lineno": ("line", as_int, int),
    "colno": ("column", as_int, int),
    "in_app": ("inApp", as_bool, bool),
    "context_line": ("contextLine", _as_line, str),
    "pre_context": ("preContext", _lines_above, None),
    "post_context": ("postContext", _lines_below, None),
    "vars": ("vars", as_object, dict),
    "platform": ("platform", _as_name, str),
    "instruction_addr": ("address", _as_name, str),
    "symbol_addr": ("symbolAddress", _as_name, str),
    "image_addr": ("imageAddress", _as_name, str),
}
