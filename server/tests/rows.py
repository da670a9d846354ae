"""Rows for tests of what reads them: issues with their hashes, and events, straight into tables."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from mana_errors.model.ids import uuid7
from mana_errors.store import partitions
from mana_errors.store.db import Connection

# Noon of yesterday: a fixed time with a partition, and no hour or day ends near it.
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


async def add(connection: Connection, table: str, **values: Any) -> None:
    """One row."""
    names, numbers = ", ".join(values), ", ".join(f"${n + 1}" for n in range(len(values)))
    await connection.execute(
        f"INSERT INTO error_logs.{table} ({names}) VALUES ({numbers})", *values.values()
    )


async def add_issue(connection: Connection, **values: Any) -> UUID:
    """An issue with one grouping hash, whose id is the issue's own. `trend`: occurrences in this
    hour; `facets`: pairs beside those of type and environment, None for a schema without facets."""
    issue_id = values.setdefault("id", uuid7())
    trend, more = values.pop("trend", 0), values.pop("facets", ())
    seen = values.setdefault("last_seen", NOON)
    defaults = {
        "app_id": "chat",
        "fingerprint": f"f-{issue_id.hex}",
        "title": "TypeError: no such thing",
        "error_type": "TypeError",
        "culprit": "cart.ts in total",
        "severity": "error",
        "first_seen": seen - timedelta(hours=1),
        "count": 1,
    }
    row = {**defaults, **values}
    await add(connection, "issues", **row)
    await add(
        connection,
        "issue_hashes",
        grouping_hash=issue_id,
        issue_id=issue_id,
        app_id=row["app_id"],
        fingerprint=row["fingerprint"],
        components=[["fingerprint", row["fingerprint"]], ["stack", "cart.ts total"]],
    )
    if more is not None:
        facets = {"type": row["error_type"], "environment": row.get("environment")}
        pairs = [*(f"{name}={value}" for name, value in facets.items() if value), *more]
        await add(connection, "facets", grouping_hash=issue_id, pairs=pairs, words="")
    if trend:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        await add(
            connection, "rollups", grouping_hash=issue_id, hour=hour, environment="", release="",
            count=trend,
        )  # fmt: skip
    return issue_id


async def add_event(connection: Connection, issue_id: UUID, **values: Any) -> UUID:
    """An event of an issue that add_issue made."""
    event_id = values.setdefault("id", uuid7())
    defaults = {
        "error_code": "OUT_OF_STOCK",
        "error_type": "TypeError",
        "message": "no such thing",
        "app_id": "chat",
        "fingerprint": f"f-{issue_id.hex}",
        "occurred_at": NOON,
        "received_at": NOON,
        "grouping_hash": issue_id,
        "protocol": "native",
    }
    row = {**defaults, **values}
    await partitions.ensure(connection, {row["occurred_at"].date()})
    await add(connection, "error_logs", **row)
    return event_id


async def add_alert(connection: Connection, issue_id: UUID, **values: Any) -> UUID:
    """An alert of an issue, and its delivery to a channel that is gone."""
    alert_id = values.setdefault("id", uuid7())
    facts = {
        "title": f"{values['app_id']} title", "errorType": "TypeError", "culprit": "cart.ts",
        "severity": "error", "environment": "production", "release": None, "count": 3, "users": 1,
        "firstSeen": NOON, "lastSeen": NOON,
    }  # fmt: skip
    firing = {"ruleName": "many", "fact": None, "reason": {"events": 3}, "issue": facts}
    defaults = {"rule_id": uuid7(), "at": NOON, "issue_id": issue_id, "body": firing}
    await add(connection, "alerts", **{**defaults, **values})
    await add(
        connection, "deliveries", id=uuid7(), alert_id=alert_id, channel_id=uuid7(), due_at=NOON
    )
    return alert_id
