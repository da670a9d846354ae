"""Sentry's exceptions, threads and stacks -> ours (model/payload.py)."""

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
    get = value.get
    path = as_text(get("abs_path"), _MAX_NAME)
    file = as_text(get("filename"), _MAX_NAME) or path
    frame: JsonObject = {
        "file": file,
        "path": path if path != file else None,
        "function": as_text(get("function"), _MAX_NAME) or as_text(get("raw_function"), _MAX_NAME),
        "module": as_text(get("module"), _MAX_NAME),
        "package": as_text(get("package"), _MAX_NAME),
        "line": as_int(get("lineno")),
        "column": as_int(get("colno")),
        "inApp": as_bool(get("in_app")),
        "contextLine": as_text(get("context_line"), MAX_LINE),
        "preContext": _lines(get("pre_context"))[-MAX_CONTEXT_LINES:],
        "postContext": _lines(get("post_context"))[:MAX_CONTEXT_LINES],
        "vars": as_object(get("vars")),
        "address": as_text(get("instruction_addr"), _MAX_NAME),
    }
    return {name: said for name, said in frame.items() if said or said is False or said == 0}


def _lines(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [as_text(line, MAX_LINE) or "" for line in as_list(value)]
