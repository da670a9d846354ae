"""Call -> frame of a payload, with source lines. Runs in the worker, which may read files."""

from __future__ import annotations

import linecache
import sys
import sysconfig
from functools import lru_cache
from typing import Final, List, Optional, Tuple

from mana_errors_sdk.scrub import scrub_text
from mana_errors_sdk.snapshot import Call
from mana_errors_sdk.values import JsonObject, cut

# Source lines before and behind the failing one, as many as Sentry's SDKs send.
CONTEXT_LINES: Final = 5
# Characters of a source line; longer ones are generated.
MAX_LINE: Final = 300
# Frames that are remembered: errors repeat, files are read once. One is about 2 KB.
_REMEMBERED: Final = 2048

_PACKAGES: Final = ("/site-packages/", "/dist-packages/")
_STANDARD_LIBRARY: Final = sysconfig.get_path("stdlib").replace("\\", "/").rstrip("/") + "/"
_SDK: Final = __name__.partition(".")[0]


def frame_of(call: Call) -> JsonObject:
    """The frame in the payload's shape. It is shared: copy it before you change it."""
    code = call.code
    function: str = getattr(code, "co_qualname", code.co_name)  # since Python 3.11
    frame = _frame(code.co_filename, function, call.line, call.module)
    return frame if call.variables is None else {**frame, "vars": call.variables}


def source_line(call: Call) -> str:
    """The line of a call as a traceback shows it; empty where there is no source."""
    frame = _frame(
        call.code.co_filename,
        getattr(call.code, "co_qualname", call.code.co_name),
        call.line,
        call.module,
    )
    return str(frame.get("contextLine", "")).strip()


@lru_cache(_REMEMBERED)
def _frame(path: str, function: str, line: int, module: Optional[str]) -> JsonObject:
    frame: JsonObject = {
        "file": _short(path, module),
        "path": path,
        "function": function,
        "line": line,
        "inApp": is_in_app(path, module),
    }
    if module:
        frame["module"] = module
    before, at, behind = _source(path, line, module)
    if at is not None:
        frame["contextLine"] = at
        frame["preContext"] = before
        frame["postContext"] = behind
    return frame


def _short(path: str, module: Optional[str]) -> str:
    """shop/cart.py for the module shop.cart, wherever it is installed."""
    parts = path.replace("\\", "/").split("/")
    depth = (module or "").count(".") + 1 + (parts[-1] == "__init__.py")
    return "/".join(parts[-depth:])


def is_in_app(path: str, module: Optional[str] = None) -> bool:
    """Whether code is the app's own: no library's, and not Python's."""
    if path.startswith("<") or (module or "").partition(".")[0] == _SDK:
        return False
    slashed = path.replace("\\", "/")
    if slashed.startswith(_STANDARD_LIBRARY) or "/lib/python3" in slashed.lower():
        return False
    return not any(part in slashed for part in _PACKAGES)


def _source(
    path: str, line: int, module: Optional[str]
) -> Tuple[List[str], Optional[str], List[str]]:
    # The loader of a zipped module knows its source.
    loaded = sys.modules.get(module or "")
    lines = linecache.getlines(path, vars(loaded) if loaded is not None else None)
    if not 0 < line <= len(lines):
        return [], None, []
    start = max(line - 1 - CONTEXT_LINES, 0)
    shown = _without_secrets(lines[start : line + CONTEXT_LINES])
    index = line - 1 - start
    return shown[:index], shown[index], shown[index + 1 :]


def _without_secrets(lines: List[str]) -> List[str]:
    """Secrets in source are hidden once, when it is read."""
    return [cut(scrub_text(line.rstrip("\n")), MAX_LINE) for line in lines]
