"""Structured frames of an event's payload -> Stack; decides whose code each frame is.

A frame that does not say `inApp` gets it here, by its path, and the event is stored with it.
"""

from functools import lru_cache
from typing import Any, Final

from mana_errors.digest.images import Images
from mana_errors.digest.parse.inapp import is_own_python, owner_of_script
from mana_errors.digest.parse.owners import is_own_runtime
from mana_errors.model.event import Event, JsonObject
from mana_errors.model.stack import Frame, Stack

# Frames repeat from event to event. An entry is about 500 bytes.
_REMEMBERED: Final = 8192
_SCRIPTS: Final = frozenset({"javascript", "node", "wasm", "nodejs", "webjs"})
# Runtimes whose stacks name the class or the module, and files without their folders.
_BY_MODULE: Final = frozenset(
    {"java", "kotlin", "scala", "csharp", "dotnet", "elixir", "perl", "haskell", "cfml"}
)


def structured_stack(event: Event) -> Stack | None:
    """The stack that tells where an event happened: the main exception's; else the nearest cause's
    that has one, the event's own, that of the thread that crashed. None without any."""
    payload = event.payload
    if not payload:
        return None
    platform = str(payload.get("platform") or "")
    images = Images(_objects(payload.get("debugImages")))
    chosen: Stack | None = None
    for frames in _stacks(payload):
        stack = Stack(platform, tuple([_frame(frame, platform, images) for frame in frames]))
        chosen = chosen or stack
    return chosen


def _stacks(payload: JsonObject) -> list[list[JsonObject]]:
    """All lists of frames, the most telling one first."""
    holders = [*reversed(_objects(payload.get("exceptions"))), payload]
    threads = _objects(payload.get("threads"))
    holders += sorted(threads, key=_importance, reverse=True)
    return [frames for holder in holders if (frames := _objects(holder.get("frames")))]


def _importance(thread: JsonObject) -> tuple[bool, bool]:
    return thread.get("crashed") is True, thread.get("current") is True


def _objects(value: Any) -> list[JsonObject]:
    if not isinstance(value, list):
        return []
    items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - a stranger's JSON
    return [item for item in items if isinstance(item, dict)]


def _frame(frame: JsonObject, platform: str, images: Images) -> Frame:
    package, function = _text(frame, "package"), _text(frame, "function")
    # A crash below JavaScript has frames of both worlds.
    platform = _text(frame, "platform") or platform
    place = _text(frame, "path") or _text(frame, "file")
    if platform not in _BY_MODULE:
        place = place or package
    if function is None and "address" in frame and (located := images.locate(frame)) is not None:
        place, function = located
    decided = _decide(platform, place, _text(frame, "module"), function, package)
    own = frame.get("inApp")
    if not isinstance(own, bool):
        own = frame["inApp"] = decided.in_app
    return Frame(
        decided.file,
        decided.function,
        decided.module,
        _line(frame, decided, platform),
        in_app=own,
    )


def _line(frame: JsonObject, decided: Frame, platform: str) -> int | None:
    """0 for a call that is known without its line: compiled without debug information."""
    line = frame.get("line")
    if type(line) is int and 0 < line < _MAX_LINE:
        return line
    is_compiled = platform in _BY_MODULE or "address" in frame
    return 0 if is_compiled and decided.function and platform not in _SCRIPTS else None


_MAX_LINE: Final = 2**31


def _text(frame: JsonObject, name: str) -> str | None:
    value = frame.get(name)
    return value if isinstance(value, str) else None


@lru_cache(_REMEMBERED)
def _decide(
    platform: str,
    place: str | None,
    module: str | None,
    function: str | None,
    package: str | None,
) -> Frame:
    """The frame as a text stack of the same call would say it, and whose code it is."""
    if platform in _SCRIPTS:
        owner, own = owner_of_script(place or "")
        return Frame(place, function, owner, in_app=own)
    if platform == "python":
        return Frame(place, function, None if place else module, in_app=is_own_python(place or ""))
    own = is_own_runtime(platform, place or "", module or "", package or "")
    return Frame(place, function, module if platform in _BY_MODULE else None, in_app=own)
