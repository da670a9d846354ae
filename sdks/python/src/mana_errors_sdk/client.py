"""An error -> a place in the queue, in the thread where it happened."""

from __future__ import annotations

import os
import time
from threading import get_ident
from typing import Final, Mapping, Optional

from mana_errors_sdk import drops
from mana_errors_sdk.backlog import Backlog, Memory
from mana_errors_sdk.captured import Captured, Mechanism
from mana_errors_sdk.delivery import Delivery
from mana_errors_sdk.diagnostics import debug, warn
from mana_errors_sdk.drops import Drops
from mana_errors_sdk.fields import contract_fields
from mana_errors_sdk.ids import uuid7
from mana_errors_sdk.options import Options
from mana_errors_sdk.prepare import prepare
from mana_errors_sdk.scope import Scope, current_scope
from mana_errors_sdk.snapshot import Raised, take_snapshot
from mana_errors_sdk.spool import Spool, is_supported
from mana_errors_sdk.transport import Transport
from mana_errors_sdk.values import JsonObject
from mana_errors_sdk.worker import Worker

# On its way up an exception passes the framework, its logger and ours within this time. One that
# is raised again later (some programs keep a single object) is another event.
REPEATED_S: Final = 5.0
_MARK: Final = "__mana_errors_captured__"
_BY_HAND: Final = Mechanism()


class Client:
    """Captures errors by the options of init()."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._drops = Drops()
        backlog = self._new_backlog()
        self._delivery = Delivery(backlog, Transport(options), self._drops, options.app_id)
        self._worker = Worker(
            self._prepare, self._delivery, backlog, self._drops, options.max_queue
        )
        # the thread that makes a report just now
        self._preparing: Optional[int] = None
        self._worker.start()

    def _new_backlog(self) -> Backlog:
        folder = self.options.spool_dir
        if folder is None:
            return Memory()
        if not is_supported():
            warn("spool_dir needs file locks that this system does not have: it is not used")
            return Memory()
        return Spool(folder, self.options.spool_max_bytes, fsync=self.options.spool_fsync)

    def _prepare(self, captured: Captured) -> bytes:
        self._preparing = get_ident()
        try:
            return prepare(captured, self.options)
        finally:
            self._preparing = None

    def capture_exception(
        self,
        error: BaseException,
        fields: Mapping[str, object],
        mechanism: Mechanism = _BY_HAND,
    ) -> Optional[str]:
        """The id of the report; None when there will be none. Never raises."""
        try:
            if mechanism.type != _BY_HAND.type and self._is_repeated(error):
                return None
            if self._is_ignored(error):
                self._drops.add(drops.IGNORED)
                return None
            error.__dict__[_MARK] = time.monotonic()
            return self._capture(fields, mechanism, error)
        except Exception:  # noqa: BLE001 - whatever it is, the program must not meet it
            return self._failed()

    def capture(
        self, fields: Mapping[str, object], mechanism: Mechanism = _BY_HAND
    ) -> Optional[str]:
        """The same for an error without an exception."""
        try:
            return self._capture(fields, mechanism, None)
        except Exception:  # noqa: BLE001 - whatever it is, the program must not meet it
            return self._failed()

    def _failed(self) -> None:
        debug("an error could not be captured")
        self._drops.add(drops.INTERNAL_ERROR)

    def _capture(
        self, fields: Mapping[str, object], mechanism: Mechanism, error: Optional[BaseException]
    ) -> Optional[str]:
        if self._preparing == get_ident():
            # A before_send that logs an error would be asked about that, and log another.
            self._drops.add(drops.IGNORED)
            return None
        if self._is_sampled_out():
            self._drops.add(drops.SAMPLE_RATE)
            return None
        millis = time.time_ns() // 1_000_000
        raised = self._snapshot(error) if error is not None else None
        scope = current_scope()
        known = self._described(scope)
        _update(known, contract_fields(fields))
        captured = Captured(uuid7(millis), millis, known, scope.state(), mechanism, raised)
        if not self._worker.is_of_this_process():
            self.after_fork()
        return captured.id if self._worker.put(captured) else None

    def _snapshot(self, error: BaseException) -> Raised:
        return take_snapshot(error, with_variables=self.options.local_variables)

    def _described(self, scope: Scope) -> JsonObject:
        """What an integration knows; a user that the program has named is the better one."""
        try:
            known = contract_fields(scope.describe())
        except Exception:  # noqa: BLE001 - an integration's failure must not cost the error itself
            debug("the request could not be described")
            return {}
        if scope.user:
            known.pop("userId", None)
        return known

    def _is_repeated(self, error: BaseException) -> bool:
        captured_at = error.__dict__.get(_MARK)
        return captured_at is not None and time.monotonic() - captured_at < REPEATED_S

    def _is_ignored(self, error: BaseException) -> bool:
        ignored = self.options.ignore_errors
        if not ignored:
            return False
        names = {name for kind in type(error).__mro__ for name in _names_of(kind)}
        return any(
            kind in names if isinstance(kind, str) else isinstance(error, kind) for kind in ignored
        )

    def _is_sampled_out(self) -> bool:
        rate = self.options.sample_rate
        return rate < 1 and int.from_bytes(os.urandom(4), "big") >= rate * 2**32

    def flush(self, timeout: Optional[float] = None) -> bool:
        """Wait until everything captured so far is delivered; False if that takes longer."""
        return self._worker.flush(self.options.shutdown_timeout if timeout is None else timeout)

    def close(self, timeout: Optional[float] = None) -> bool:
        """flush(), and no more."""
        return self._worker.close(self.options.shutdown_timeout if timeout is None else timeout)

    def after_fork(self) -> None:
        """In a forked child."""
        backlog = self._new_backlog()
        self._preparing = None
        self._drops.reset()
        self._delivery.forget(backlog)
        self._worker.after_fork(backlog)


def _update(known: JsonObject, said: JsonObject) -> None:
    """What is said here beats what is known; of objects, field by field."""
    for name, value in said.items():
        before = known.get(name)
        known[name] = {**before, **value} if isinstance(before, dict) else value


def _names_of(kind: type) -> tuple[str, str]:
    return kind.__name__, f"{kind.__module__}.{kind.__qualname__}"
