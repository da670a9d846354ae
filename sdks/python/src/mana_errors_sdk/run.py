"""Runs a program as Python itself would; an exception that ends it shows no frame of ours."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import TracebackType
from typing import Callable, Optional

_OWN_FILES = frozenset({__file__, runpy.__file__, "<frozen runpy>"})
# As Python does for an exception that nobody caught.
FAILED = 1


def run_script(path: str) -> int:
    """`python path`; its exit status unless it exits by itself."""
    sys.path[0] = str(Path(path).resolve().parent)
    return _run(lambda: runpy.run_path(path, run_name="__main__"))


def run_module(name: str) -> int:
    """`python -m name`; its exit status unless it exits by itself."""
    sys.path[0] = str(Path.cwd())
    return _run(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True))


def _run(program: Callable[[], object]) -> int:
    try:
        program()
    except Exception as error:  # noqa: BLE001 - it is handed on as Python would do it
        error.__traceback__ = _without_own(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        return FAILED
    return 0


def _without_own(traceback: Optional[TracebackType]) -> Optional[TracebackType]:
    """The traceback from the program's own first call on; all of it where there is none."""
    inner = traceback
    while inner is not None and inner.tb_frame.f_code.co_filename in _OWN_FILES:
        inner = inner.tb_next
    return inner or traceback
