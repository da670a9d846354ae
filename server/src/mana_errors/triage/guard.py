"""A rule that breaks costs only itself: it rests, says why, and is tried again later."""

import logging
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from mana_errors import meters
from mana_errors.store import db, rules
from mana_errors.store.db import Connection
from mana_errors.triage.watch import Watch, Watched

_log: Final = logging.getLogger(__name__)


@asynccontextmanager
async def guarded(
    connection: Connection, watch: Watch, concerned: Collection[Watched], now: datetime
) -> AsyncGenerator[None]:
    """Within a transaction: what fails for the sake of these rules is undone and told, and the
    block ends early. What fails because the database is away is raised."""
    try:
        async with connection.transaction():
            yield
    except Exception as error:
        # A filter's own time was up; PostgreSQL is there.
        if db.is_retryable(error) and not isinstance(error, TimeoutError):
            raise
        for watched in concerned:
            watch.rest(watched, now)
            await failed(connection, watched.id, _reason(error))
    else:
        for watched in concerned:
            if watch.failed(watched):
                watch.recovered(watched)
                await rules.fail(connection, watched.id, None)


async def failed(connection: Connection, rule_id: UUID, reason: str) -> None:
    """Count that a rule cannot be applied and say it where rules are shown."""
    meters.rule_failures.inc()
    _log.warning("a rule cannot be applied: %s", reason, extra={"rule": str(rule_id)})
    await rules.fail(connection, rule_id, reason)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "its filter takes too long"
    return f"{type(error).__name__}: {error}"[:500]
