"""Alerts go when they are old, and with their issues."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mana_errors.model.ids import uuid7
from mana_errors.retention import alerts
from mana_errors.store import alerts as store
from mana_errors.store.db import Connection
from rows import add, add_alert, add_issue

NOW = datetime.now(UTC)


def made(days_ago: float) -> UUID:
    return uuid7(int((NOW - timedelta(days=days_ago)).timestamp() * 1e9))


async def test_old_alerts_go_with_their_deliveries(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "PAUSE_S", 0)
    monkeypatch.setattr(store, "CHUNK", 2)
    issue = await add_issue(connection)
    for _ in range(3):
        old = await add_alert(connection, issue, id=made(91), app_id="chat")
        await add(connection, "answered", alert_id=old, deed="resolve")
        await add_alert(connection, uuid7(), id=made(1), app_id="chat")
    kept = await add_alert(connection, issue, id=made(89), app_id="chat")
    app_s = await add_alert(connection, issue, id=made(88), app_id="chat", rule_id=uuid7())
    await connection.execute("UPDATE error_logs.alerts SET issue_id = NULL WHERE id = $1", app_s)
    reports = [made(91), made(2)]
    for report in reports:
        await add(connection, "deliveries", id=report, channel_id=uuid7(), due_at=NOW)
    await add(connection, "answered", alert_id=kept, deed="ignore")
    await alerts.forget(connection, NOW)
    assert await connection.fetchval("SELECT array_agg(alert_id) FROM error_logs.answered") == [
        kept
    ]
    rows = await connection.fetch("SELECT id FROM error_logs.alerts")
    assert {row["id"] for row in rows} == {kept, app_s}
    rows = await connection.fetch("SELECT COALESCE(alert_id, id) AS id FROM error_logs.deliveries")
    assert {row["id"] for row in rows} == {kept, app_s, reports[1]}
