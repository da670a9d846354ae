"""The users table: who is known, who is anonymous, and who is forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

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
from mana_errors.store import db, users

ANN, BOB = str(uuid4()), str(uuid4())
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
