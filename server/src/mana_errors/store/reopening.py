"""Resolved and ignored issues that come back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.activity import Kind
from mana_errors.model.condition import Condition
from mana_errors.model.event import JsonObject
from mana_errors.model.ids import uuid7
from mana_errors.model.issue import IssueStatus
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("reopening")
# Issues woken in one transaction, during which triage waits.
CHUNK: Final = 500


class Settled(msgspec.Struct, frozen=True):
    """A resolved or ignored issue, as the fold leaves it."""

    id: UUID
    app_id: str
    status: IssueStatus
    condition: Condition | None
    resolved_at: datetime | None
    count: int
    users: int


class Reopening(msgspec.Struct, frozen=True):
    """An issue that comes back, and why."""

    issue: UUID
    kind: Kind
    # of the event that did it
    received_at: datetime
    occurred_at: datetime
    details: JsonObject


class Woken(msgspec.Struct, frozen=True):
    """An issue whose time is over."""

    reopening: Reopening
    app_id: str
    # of its events; "" = not given
    environments: list[str]


async def settled(connection: Connection, issues: Collection[UUID]) -> list[Settled]:
    """Those of the issues that are resolved or ignored."""
    rows = await connection.fetch(_SQL["settled"], list(issues))
    return [msgspec.convert(dict(row), Settled) for row in rows]


async def hours(
    connection: Connection, issue: UUID, wanted: Collection[datetime]
) -> dict[datetime, int]:
    """An issue's events in these hours."""
    rows = await connection.fetch(_SQL["hours"], issue, list(wanted))
    return {row["hour"]: row["count"] for row in rows}


async def reopen(connection: Connection, reopenings: Sequence[Reopening]) -> None:
    """Make them unresolved and write down why. Within a transaction that holds (store/fold.py)."""
    if not reopenings:
        return
    await connection.execute(
        _SQL["reopen"],
        [uuid7() for _ in reopenings],
        [item.issue for item in reopenings],
        [item.kind for item in reopenings],
        [item.received_at for item in reopenings],
        [item.occurred_at for item in reopenings],
        [item.details for item in reopenings],
    )


async def wake(connection: Connection, now: datetime) -> list[Woken]:
    """Reopen issues that were ignored until a time that is over; at most a chunk. Within a
    transaction that holds (store/fold.py)."""
    rows = await connection.fetch(_SQL["expired"], now, CHUNK)
    woken = [
        Woken(
            Reopening(row["id"], Kind.ESCALATED, now, now, {"reason": "time", "at": row["at"]}),
            row["app_id"],
            row["environments"],
        )
        for row in rows
    ]
    await reopen(connection, [item.reopening for item in woken])
    return woken
