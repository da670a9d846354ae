"""Whether this process can do its work, and what is wrong if not.

Ready means: a report that comes now is made durable. PostgreSQL's absence alone does not end that,
because reports wait in the spool; a load balancer that took the server away for it would turn
reports away that could have been kept. So an absence after a good start is "degraded" with
status 200. Before the first good start it is 503: nobody knows yet whether the database exists.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from mana_errors.errors import StoreUnavailable
from mana_errors.model.health import Check
from mana_errors.store.migrate import pending
from mana_errors.store.reader import Reader

# Below the usual patience of those who ask (Docker 30 s, Kubernetes 1 s but settable).
DATABASE_PATIENCE_S: Final = 2.0
# However often strangers ask, the database is asked once a second.
CACHE_S: Final = 1.0


class Health(msgspec.Struct, frozen=True):
    """The answer of the health checks."""

    status: Literal["ok", "degraded", "starting", "unavailable"]
    checks: list[Check]

    @property
    def ready(self) -> bool:
        """Whether reports may come."""
        return self.status in {"ok", "degraded"}

    @property
    def complaint(self) -> str:
        """What is wrong, in one line."""
        return "; ".join(f"{check.name}: {check.detail}" for check in self.checks if not check.ok)


class Readiness:
    """Asks worker and database, and remembers whether the database was ever ready."""

    def __init__(self, reader: Reader, worker: Callable[[], list[Check]]) -> None:
        """worker: whether this process takes reports: spool, memory, connections."""
        self._reader = reader
        self._worker = worker
        self._was_ready = False
        self._asked = -CACHE_S
        self._database = [Check("database", ok=False, detail="not asked yet")]
        self._asking = asyncio.Lock()

    async def look(self) -> Health:
        """The state of now; of the database, at most CACHE_S old."""
        async with self._asking:
            if time.monotonic() - self._asked >= CACHE_S:
                self._database = await self._ask_database()
                self._asked = time.monotonic()
        worker = self._worker()
        database_ok = all(check.ok for check in self._database)
        self._was_ready = self._was_ready or database_ok
        checks = [*worker, *self._database]
        if not all(check.ok for check in worker):
            return Health("unavailable", checks)
        if database_ok:
            return Health("ok", checks)
        return Health("degraded" if self._was_ready else "starting", checks)

    async def _ask_database(self) -> list[Check]:
        try:
            async with (
                asyncio.timeout(DATABASE_PATIENCE_S),
                self._reader.connection() as connection,
            ):
                missing = await pending(connection)
        except (StoreUnavailable, TimeoutError) as error:
            reason = str(error) or f"no answer within {DATABASE_PATIENCE_S:.0f} s"
            return [Check("database", ok=False, detail=reason)]
        detail = f"missing: {', '.join(missing)}" if missing else "complete"
        return [
            Check("database", ok=True, detail="answers"),
            Check("migrations", ok=not missing, detail=detail),
        ]
