"""Channels, alerts and a deliverer for tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from mana_errors.alerts.channels.webhook import new_secret
from mana_errors.alerts.run import Deliverer
from mana_errors.config import Settings
from mana_errors.model.channel import Channel, Target, Webhook
from mana_errors.model.ids import uuid7
from mana_errors.store import channels
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import SecretBox
from rows import add

KEY = "k" * 32
PATIENCE_S = 60.0


def settings_of(tmp_path: Path, **values: Any) -> Settings:
    """Settings of a server that may send to loopback."""
    known = {"data_dir": tmp_path, "secret_key": KEY, "alert_networks": ("127.0.0.0/8",)}
    return Settings(**known | values)


async def add_channel(
    connection: Connection, target: Target | str, secret: str | None = None
) -> UUID:
    """A channel; of a URL, a webhook."""
    kept = Webhook(target) if isinstance(target, str) else target
    channel = Channel(
        uuid7(), "test", kept, enabled=True, created_at=datetime.now(UTC), failures=0,
        paused_until=None,
    )  # fmt: skip
    sealed = secret if secret is not None else new_secret()
    made = await channels.create(connection, channel, sealed, SecretBox(KEY), COMMAND)
    return made.id


async def add_alert(
    connection: Connection, channel_ids: Sequence[UUID], issue_id: UUID | None = None, **facts: Any
) -> UUID:
    """An alert of an issue, due now on these channels."""
    now, alert_id = datetime.now(UTC), uuid7()
    issue = {
        "title": "TypeError: no such thing", "errorType": "TypeError", "culprit": "cart.ts",
        "severity": "error", "environment": "production", "release": "1.2", "count": 3,
        "users": 1, "firstSeen": now, "lastSeen": now,
    }  # fmt: skip
    body = {"ruleName": "new", "fact": "new", "reason": {}, "issue": issue | facts}
    async with connection.transaction():
        await add(
            connection, "alerts", id=alert_id, at=now, rule_id=uuid7(), app_id="chat",
            issue_id=issue_id or uuid7(), body=body,
        )  # fmt: skip
        for channel_id in channel_ids:
            await add(
                connection, "deliveries", id=uuid7(), alert_id=alert_id, channel_id=channel_id,
                due_at=now,
            )  # fmt: skip
    return alert_id


async def deliveries_of(connection: Connection, channel_id: UUID) -> list[dict[str, Any]]:
    """Its deliveries, the oldest first."""
    sql = "SELECT * FROM error_logs.deliveries WHERE channel_id = $1 ORDER BY id"
    return [dict(row) for row in await connection.fetch(sql, channel_id)]


async def states(connection: Connection, channel_id: UUID) -> list[str]:
    """Of its deliveries, the oldest first."""
    return [row["state"] for row in await deliveries_of(connection, channel_id)]


async def hurry(connection: Connection) -> None:
    """What waits for a time is due now."""
    await connection.execute(
        "UPDATE error_logs.deliveries SET due_at = now() WHERE state = 'waiting'"
    )
    await connection.execute(
        "UPDATE error_logs.channels SET next_at = '-infinity', paused_until = NULL"
    )


async def until(condition: Callable[[], Awaitable[Any] | Any], what: str) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = condition()
            if await answer if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.02)
    raise AssertionError(what)


@asynccontextmanager
async def delivering(dsn: str, settings: Settings) -> AsyncIterator[Deliverer]:
    """A deliverer that runs."""
    reader, stopping = Reader(dsn), asyncio.Event()
    deliverer = Deliverer(reader, settings)
    task = asyncio.create_task(deliverer.run(stopping))
    try:
        yield deliverer
    finally:
        stopping.set()
        await task
        await reader.close()
