"""Rules that the catalog must keep, and the contract's table."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mana_errors.store import db, partitions
from mana_errors.store.migrate import available, migrate, pending
from mana_errors.store.sharding import PLACEMENT

CONTRACT_COLUMNS = {
    "id": "uuid",
    "error_code": "text",
    "error_type": "text",
    "message": "text",
    "stack_trace": "text",
    "app_id": "text",
    "source_type": "error_source_type",
    "service_name": "text",
    "user_id": "text",
    "session_id": "text",
    "request_url": "text",
    "request_method": "text",
    "request_headers": "jsonb",
    "request_body": "jsonb",
    "response_status_code": "int4",
    "environment": "error_environment",
    "severity": "error_severity",
    "context": "jsonb",
    "fingerprint": "text",
    "user_agent": "text",
    "browser_info": "jsonb",
    "device_info": "jsonb",
    "occurred_at": "timestamptz",
    "created_at": "timestamptz",
}
CONTRACT_ENUMS = {
    "error_source_type": ["backend", "frontend_web", "frontend_mobile"],
    "error_environment": ["development", "staging", "production"],
    "error_severity": ["debug", "info", "warning", "error", "critical"],
}


async def test_the_contracts_columns_come_first_in_order(connection: db.Connection) -> None:
    """Names, types and order of contract §1; ours follow."""
    rows = await connection.fetch(
        "SELECT column_name, udt_name FROM information_schema.columns "
        "WHERE table_schema = 'error_logs' AND table_name = 'error_logs' ORDER BY ordinal_position"
    )
    found = {row["column_name"]: row["udt_name"] for row in rows}
    assert list(found.items())[: len(CONTRACT_COLUMNS)] == list(CONTRACT_COLUMNS.items())


async def test_the_contracts_enums(connection: db.Connection) -> None:
    """Values in their order: severity compares from least to worst."""
    for name, values in CONTRACT_ENUMS.items():
        rows = await connection.fetch(
            "SELECT e.enumlabel::text AS value "
            "FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid "
            "WHERE t.typname = $1 ORDER BY e.enumsortorder",
            name,
        )
        assert [row["value"] for row in rows] == values


async def test_every_table_has_a_placement(connection: db.Connection) -> None:
    """store/sharding.py names each table, and no other."""
    rows = await connection.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'error_logs'::regnamespace "
        "AND relkind IN ('r', 'p') AND NOT relispartition"
    )
    assert {row["relname"] for row in rows} == set(PLACEMENT)


async def test_unique_indexes_of_sharded_tables_hold_the_shard_key(
    connection: db.Connection,
) -> None:
    """Citus can only enforce these."""
    for table, placement in PLACEMENT.items():
        if placement != "sharded":
            continue
        rows = await connection.fetch(
            "SELECT i.indexrelid::regclass::text AS name, "
            "array_agg(a.attname::text) AS columns "
            "FROM pg_index i JOIN pg_attribute a "
            "ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indrelid = $1::regclass AND i.indisunique GROUP BY 1",
            f"error_logs.{table}",
        )
        assert rows
        assert all("fingerprint" in row["columns"] for row in rows)


async def test_no_sequences_triggers_or_foreign_keys_on_sharded_tables(
    connection: db.Connection,
) -> None:
    """Each would tie the cluster to one node."""
    for table, placement in PLACEMENT.items():
        if placement != "sharded":
            continue
        name = f"error_logs.{table}"
        assert not await connection.fetchval(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal",
            name,
        )
        assert not await connection.fetchval(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' "
            "AND $1::regclass IN (conrelid, confrelid)",
            name,
        )
        assert not await connection.fetchval(
            "SELECT count(*) FROM pg_depend d JOIN pg_class s ON s.oid = d.objid "
            "WHERE s.relkind = 'S' AND d.refobjid = $1::regclass",
            name,
        )


async def test_partitions_reach_three_days_ahead(connection: db.Connection) -> None:
    """Made at migration, kept by retention."""
    today = datetime.now(UTC).date()
    days = await partitions.existing(connection)
    assert {today + timedelta(days=offset) for offset in range(-1, 4)} <= days


async def test_ten_nodes_may_start_at_once(empty_dsn: str) -> None:
    """An advisory lock lets one migrate; the others find nothing left to do."""
    applied = await asyncio.gather(*(migrate(empty_dsn) for _ in range(10)))
    assert sorted(name for names in applied for name in names) == [m.name for m in available()]


async def test_pending_before_and_after(empty_dsn: str) -> None:
    """doctor can tell."""
    connection = await db.connect(empty_dsn)
    assert await pending(connection) == [m.name for m in available()]
    await migrate(empty_dsn)
    assert await pending(connection) == []
    await connection.close()


def test_migration_names_are_ordered_and_say_their_phase() -> None:
    """NNNN_pre_name or NNNN_post_name, without gaps."""
    for number, migration in enumerate(available(), start=1):
        assert migration.name.startswith(f"{number:04}_{migration.phase}_")


@pytest.mark.parametrize("held", [False, True])
async def test_expired_partitions_are_dropped_unless_held(migrated_dsn: str, held: bool) -> None:  # noqa: FBT001
    """A reader is not interrupted and blocks nobody: the next run drops what it held."""
    old = datetime.now(UTC).date() - timedelta(days=40)
    connection, reader = await db.connect(migrated_dsn), await db.connect(migrated_dsn)
    await partitions.ensure(connection, {old})
    if held:
        await reader.execute("BEGIN")
        await reader.execute("SELECT count(*) FROM error_logs.error_logs")
    dropped = await partitions.drop_before(connection, old + timedelta(days=1))
    assert dropped == ([] if held else [old])
    await reader.close()
    assert await partitions.drop_before(connection, old + timedelta(days=1)) == (
        [old] if held else []
    )
    await connection.close()
