"""Calls back when a module has been imported, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional

from mana_errors_sdk.diagnostics import debug

Callback = Callable[[], None]


class ImportWatch(MetaPathFinder):
    """A finder that finds nothing itself: it asks the others, and has the loader call back."""

    def __init__(self) -> None:
        self._callbacks: Dict[str, List[Callback]] = {}

    def add(self, module: str, callback: Callback) -> None:
        """Call back once, when `module` has been imported."""
        self._callbacks.setdefault(module, []).append(callback)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def clear(self) -> None:
        """Call nobody back any more."""
        self._callbacks.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        """None for all but the modules that are watched."""
        if fullname not in self._callbacks:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    self._call_back_after(spec)
                    return spec
        return None

    def _call_back_after(self, spec: ModuleSpec) -> None:
        # The loader object belongs to this one import; only its exec_module is replaced.
        loader: Any = spec.loader
        original: Any = getattr(loader, "exec_module", None)
        if original is None:
            return

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            original(module)
            for callback in self._callbacks.pop(spec.name, []):
                callback()

        try:
            loader.exec_module = exec_module
        except AttributeError:
            debug(f"the import of {spec.name} cannot be watched")
