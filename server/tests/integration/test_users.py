"""The users table: who is known, who is anonymous, and who is forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from mana_errors import meters
from mana_errors.digest import users as digest_users
from mana_errors.digest.group import group
from mana_errors.digest.users import with_known_users
from mana_errors.errors import DatabaseUnusable
from mana_errors.model.event import Event, JsonObject
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.ids import uuid7
from mana_errors.retention import users as retention
from mana_errors.retention.users import forget_deleted
from mana_errors.store import db, users
from rows import NOON, add_event, add_issue

ANN, BOB = str(UUID(int=0xA1)), str(UUID(int=0xB0))
NOW = datetime.now(UTC)


def reported(user_id: str | None, context: JsonObject | None = None) -> GroupedEvent:
    """An event of this user."""
    event = Event(
        id=uuid7(), occurred_at=NOW, received_at=NOW, app_id="chat", error_code="CODE",
        error_type="TypeError", message="it broke", user_id=user_id, context=context,
    )  # fmt: skip
    return GroupedEvent(event, group(event, None))


async def make_table(connection: db.Connection, kind: str = "uuid", *ids: Any) -> None:
    """auth.users, as an auth service would have it."""
    await connection.execute("CREATE SCHEMA auth")
    await connection.execute(f"CREATE TABLE auth.users (id {kind} PRIMARY KEY)")
    for identifier in ids:
        await connection.execute(f"INSERT INTO auth.users VALUES ('{identifier}')")


def seen(items: list[GroupedEvent]) -> list[tuple[str | None, JsonObject | None]]:
    """What becomes of user and context."""
    return [(item.event.user_id, item.event.context) for item in items]


def counted(result: str) -> float:
    """How often so far."""
    return meters.reported_users.labels(result)._value.get()


@pytest.mark.parametrize(
    ("kind", "mine", "others"),
    [
        ("uuid", ANN, [BOB, ANN.upper(), f"{{{ANN}}}", "ann", ""]),
        ("bigint", "42", ["43", "042", "42.0", "٤٢", str(2**70), "ann"]),
        ("smallint", "-3", ["-0", "3", "99999"]),
        ("text", "ann'; DROP TABLE auth.users; --", ["ann", "ANN", ANN]),
        ("varchar(50)", "ann", ["Ann", "ann "]),
        ("numeric", "1.50", ["1.5", "x"]),
        ("timestamptz", "2026-01-01 00:00:00+00", ["2026-01-01"]),
    ],
)
async def test_ids_are_compared_as_text_whatever_their_type(
    connection: db.Connection, kind: str, mine: str, others: list[str]
) -> None:
    await make_table(connection, kind, mine.replace("'", "''"))
    assert await users.known(connection, "auth.users", {mine, *others}) == {mine}


async def test_a_table_may_be_found_by_the_search_path_and_be_a_view(
    connection: db.Connection,
) -> None:
    await make_table(connection, "uuid", ANN)
    await connection.execute('CREATE VIEW "Users" AS SELECT id FROM auth.users')
    assert await users.known(connection, "Users", {ANN, BOB}) == {ANN}


async def test_the_index_of_a_big_table_is_used(connection: db.Connection) -> None:
    """A sequential scan of the users for every batch would end the digest."""
    await make_table(connection)
    await connection.execute(
        "INSERT INTO auth.users SELECT gen_random_uuid() FROM generate_series(1, 20000)"
    )
    await connection.execute("ANALYZE auth.users")
    query = users._of("auth.users", "known_uuid").replace("$1", f"'{{{ANN}}}'")
    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}"))
    assert "Index" in plan
    assert "Seq Scan" not in plan


async def test_unknown_users_are_kept_in_context_alone(connection: db.Connection) -> None:
    await make_table(connection, "uuid", ANN)
    items = [
        reported(ANN, {"a": 1}), reported(None), reported(BOB), reported("x", {"a": 1}),
        reported("x", {"reportedUserId": "the client's"}),
    ]  # fmt: skip
    assert seen(await with_known_users(connection, "auth.users", items)) == [
        (ANN, {"a": 1}),
        (None, None),
        (None, {"reportedUserId": BOB}),
        (None, {"reportedUserId": "x", "a": 1}),
        (None, {"reportedUserId": "the client's"}),
    ]


async def test_only_known_users_are_remembered_and_not_for_ever(
    connection: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who signs up is known at once; who is deleted, a minute later."""
    await make_table(connection, "uuid", ANN)
    items = [reported(ANN), reported(BOB)]

    async def found() -> list[str | None]:
        return [user for user, _ in seen(await with_known_users(connection, "auth.users", items))]

    assert await found() == [ANN, None]
    await connection.execute("UPDATE auth.users SET id = $1", BOB)
    assert await found() == [ANN, BOB]
    monkeypatch.setattr(digest_users, "KNOWN_S", 0.0)
    digest_users._known.clear()
    assert await found() == [None, BOB]


async def test_what_is_remembered_is_bounded(
    connection: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest_users, "MAX_KNOWN", 3)
    await make_table(connection, "bigint", *range(20))
    for number in range(20):
        await with_known_users(connection, "auth.users", [reported(str(number))])
    assert len(digest_users._known[connection]) <= 4


async def deny(connection: db.Connection) -> None:
    """As an operator who forgot a GRANT."""
    await make_table(connection, "uuid", ANN)
    await connection.execute("CREATE ROLE nobody")
    await connection.execute("SET ROLE nobody")


async def other_column(connection: db.Connection) -> None:
    """A table that names its key otherwise."""
    await make_table(connection, "uuid", ANN)
    await connection.execute("ALTER TABLE auth.users RENAME id TO user_id")


async def nothing(_connection: db.Connection) -> None:
    """No such table."""


@pytest.mark.parametrize("trouble", [nothing, other_column, deny])
async def test_a_table_that_cannot_be_read_knows_nobody_and_harms_nothing(
    connection: db.Connection, trouble: Callable[[db.Connection], Any]
) -> None:
    """The digest's transaction goes on; the ids are in context."""
    before = counted("unreadable")
    transaction = connection.transaction()
    await transaction.start()
    await trouble(connection)
    with pytest.raises(DatabaseUnusable, match=r"auth.users|\"auth\".\"users\""):
        await users.known(connection, "auth.users", {ANN})
    items = await with_known_users(connection, "auth.users", [reported(ANN)])
    assert seen(items) == [(None, {"reportedUserId": ANN})]
    assert await connection.fetchval("SELECT 1") == 1
    assert counted("unreadable") == before + 1
    await transaction.rollback()


def test_grouping_and_everything_else_of_an_event_is_kept() -> None:
    item = reported("x")
    anonymous = digest_users._anonymous(item)
    assert anonymous.grouping == item.grouping
    assert msgspec.structs.replace(anonymous.event, user_id="x", context=None) == item.event


DAY = NOON.date()


async def users_of(connection: db.Connection) -> list[str | None]:
    """Of all events, in order."""
    rows = await connection.fetch("SELECT user_id FROM error_logs.error_logs ORDER BY user_id")
    return [row["user_id"] for row in rows]


async def add_events(connection: db.Connection, *ids: str | None, **values: Any) -> None:
    """One event each, all of one issue."""
    issue = await add_issue(connection)
    for identifier in ids:
        await add_event(connection, issue, user_id=identifier, **values)


async def test_events_of_deleted_users_name_nobody(
    connection: db.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contract's `on delete set null`, whatever the chunks are."""
    monkeypatch.setattr(retention, "CHUNK", 2)
    monkeypatch.setattr(retention, "MAX_EVENTS", 2)
    await make_table(connection, "uuid", ANN)
    gone = [str(uuid4()) for _ in range(5)]
    for day in (NOON, NOON - timedelta(days=3)):
        await add_events(connection, ANN, None, *gone, *gone[:3] * 3, ANN, occurred_at=day)
    before = meters.forgotten_users._value.get()
    await forget_deleted(connection, "auth.users")
    assert await users_of(connection) == [ANN] * 4 + [None] * 30
    assert meters.forgotten_users._value.get() == before + 28


async def test_distinct_users_are_found_by_skipping(connection: db.Connection) -> None:
    """Not by reading every event of the busiest one."""
    await add_events(connection, *["a"] * 500, "b", None, "c", "ü")
    await connection.execute("VACUUM ANALYZE error_logs.error_logs")
    assert await users.named(connection, DAY, "", 10) == ["a", "b", "c", "ü"]
    assert await users.named(connection, DAY, "a", 2) == ["b", "c"]
    assert await users.named(connection, DAY - timedelta(days=1), "", 10) == []
    start, end = users.bounds(DAY)
    sql = users._SQL["named"].replace("$1", f"'{start}'").replace("$2", f"'{end}'")
    sql = sql.replace("$3", "''").replace("$4", "10")
    plan = "\n".join(r[0] for r in await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}"))
    assert "Seq Scan" not in plan
    assert "rows=500" not in plan


async def empty(connection: db.Connection) -> None:
    """A restore under way, or a table whose rows we may not see."""
    await make_table(connection)


@pytest.mark.parametrize("trouble", [nothing, other_column, deny, empty])
async def test_a_table_that_shows_nobody_deletes_nobody(
    connection: db.Connection,
    trouble: Callable[[db.Connection], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await add_events(connection, ANN, BOB)
    await trouble(connection)
    await forget_deleted(connection, "auth.users")
    await connection.execute("RESET ROLE")
    assert sorted(user or "" for user in await users_of(connection)) == sorted([ANN, BOB])
    assert "is forgotten" in caplog.text


async def test_without_a_users_table_nobody_is_forgotten(connection: db.Connection) -> None:
    await add_events(connection, ANN)
    await forget_deleted(connection, "")
    assert await users_of(connection) == [ANN]
