"""Kills the process that reaches a named step, once; moves the clock; makes segments small.

Python imports this by itself at start when its directory is on PYTHONPATH, so the server that is
tested needs no hooks. Environment:

CRASH_AT              step[:n], a key of STEPS: SIGKILL at the n-th pass (1 if not given)
CRASH_MARK            file made by the kill; while it exists nothing more is killed
CRASH_SEGMENT_BYTES   size of a spool segment, so that a test sees many of them
CRASH_CLOCK           file that holds the seconds by which the clock is wrong
"""

import functools
import importlib.abc
import importlib.machinery
import inspect
import os
import signal
import sys
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

WRITER = "mana_errors.store.spool.writer"
DIGEST = "mana_errors.digest.run"


def _always(*_: Any, **__: Any) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """Before or after a call of a function, where `when` holds for the call's arguments."""

    module: str
    function: str
    after: bool
    when: Callable[..., bool] = _always


def before(module: str, function: str, when: Callable[..., bool] = _always) -> Step:
    return Step(module, function, after=False, when=when)


def after(module: str, function: str, when: Callable[..., bool] = _always) -> Step:
    return Step(module, function, after=True, when=when)


def _makes_tables(_: object, query: str, *__: object) -> bool:
    return "CREATE TABLE error_logs.error_logs" in query


def _is_digested(_: object, __: object, reader: Any, ___: int) -> bool:
    return bool(reader.finished)


STEPS = {
    # ingest
    "segment-begun": before(WRITER, "_allocate"),
    "segment-made": after(WRITER, "_open_segment"),
    "written": after(WRITER, "_write_at"),
    "synced": before(WRITER, "_release"),
    "rotated": after(WRITER, "SpoolWriter._leave_segment"),
    # digest
    "cursor-moved": after("mana_errors.store.cursors", "advance"),
    "mid-copy": after("mana_errors.store.events", "row"),
    "copied": before("mana_errors.store.deltas", "insert"),
    "delta-queued": after("mana_errors.store.deltas", "insert"),
    "stored": after(DIGEST, "Digest.digest_batch"),
    "digested": before(DIGEST, "Digest._leave", _is_digested),
    "unlinked": before("mana_errors.store.cursors", "forget"),
    # triage
    "mid-fold": before("mana_errors.store.fold", "roll_up"),
    "folded": before("mana_errors.store.deltas", "delete"),
    "fold-committed": before("mana_errors.triage.run", "_observe"),
    # start
    "mid-migration": after("asyncpg.connection", "Connection.execute", _makes_tables),
    "migrated": before("mana_errors.store.migrate", "ensure_ahead"),
    "mid-partitions": after("mana_errors.store.partitions", "_make"),
    "mid-initdb": after("mana_errors.store.embedded.cluster", "EmbeddedPostgres._run"),
}


class Trap:
    """Counts passes of one step and kills this process at the n-th."""

    def __init__(self, n: int, mark: Path) -> None:
        self._left = n
        self._mark = mark

    def passed(self) -> None:
        self._left -= 1
        if self._left == 0:
            try:
                self._mark.touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


def wrapped(function: Callable[..., Any], step: Step, trap: Trap) -> Callable[..., Any]:
    """The function with the trap before or behind it."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*arguments: Any, **named: Any) -> Any:
            if not step.after and step.when(*arguments, **named):
                trap.passed()
            result = await function(*arguments, **named)
            if step.after and step.when(*arguments, **named):
                trap.passed()
            return result

        return coroutine

    @functools.wraps(function)
    def plain(*arguments: Any, **named: Any) -> Any:
        if not step.after and step.when(*arguments, **named):
            trap.passed()
        result = function(*arguments, **named)
        if step.after and step.when(*arguments, **named):
            trap.passed()
        return result

    return plain


def set_trap(step: Step, trap: Trap, module: types.ModuleType) -> None:
    *holders, name = step.function.split(".")
    holder: Any = module
    for part in holders:
        holder = getattr(holder, part)
    setattr(holder, name, wrapped(getattr(holder, name), step, trap))


def shrink_segments(size: int, module: types.ModuleType) -> None:
    module.SEGMENT_BYTES = size  # type: ignore[attr-defined]


class WrongClock:
    """What a module gets instead of `datetime` and `time`; the error may change while we run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def error_s(self) -> float:
        return float(self._path.read_text())

    def now(self, zone: tzinfo | None = None) -> datetime:
        return datetime.now(zone) + timedelta(seconds=self.error_s())

    def time_ns(self) -> int:
        return time.time_ns() + int(self.error_s() * 1e9)

    def step(self, module: types.ModuleType) -> None:
        if getattr(module, "time", None) is time:
            module.time = types.SimpleNamespace(  # type: ignore[attr-defined]
                **{**vars(time), "time_ns": self.time_ns}
            )
        if getattr(module, "datetime", None) is datetime:
            module.datetime = types.SimpleNamespace(  # type: ignore[attr-defined]
                now=self.now,
                fromisoformat=datetime.fromisoformat,
                fromtimestamp=datetime.fromtimestamp,
                strptime=datetime.strptime,
            )


# Every module that asks for the wall clock.
CLOCK_USERS = (
    "mana_errors.model.ids",
    "mana_errors.ingest.stamp",
    "mana_errors.digest.run",
    "mana_errors.digest.ledger",
    "mana_errors.triage.run",
    "mana_errors.retention.run",
    "mana_errors.store.partitions",
)

Patch = Callable[[types.ModuleType], None]


class AfterImport(importlib.abc.MetaPathFinder):
    """Runs patches on a module as soon as its own code has run."""

    def __init__(self, patches: dict[str, list[Patch]]) -> None:
        self._patches = patches

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._patches:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def patched(module: types.ModuleType) -> None:
            execute(module)
            for patch in self._patches[name]:
                patch(module)

        spec.loader.exec_module = patched  # type: ignore[method-assign]
        return spec


def main(environ: dict[str, str]) -> None:
    patches: dict[str, list[Patch]] = {}
    if crash_at := environ.get("CRASH_AT"):
        name, _, n = crash_at.partition(":")
        step, trap = STEPS[name], Trap(int(n or 1), Path(environ["CRASH_MARK"]))
        patches.setdefault(step.module, []).append(functools.partial(set_trap, step, trap))
    if size := environ.get("CRASH_SEGMENT_BYTES"):
        patches.setdefault(WRITER, []).append(functools.partial(shrink_segments, int(size)))
    if path := environ.get("CRASH_CLOCK"):
        for module in CLOCK_USERS:
            patches.setdefault(module, []).append(WrongClock(Path(path)).step)
    if patches:
        sys.meta_path.insert(0, AfterImport(patches))


main(dict(os.environ))
