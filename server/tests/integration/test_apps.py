"""Apps and keys in the database, and the directory that workers hold of them."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from harness import PATIENCE_S, POLL_S
from mana_errors.errors import BadRequest, Conflict, NotFound
from mana_errors.model.app import AppSettings, Filters, Quota
from mana_errors.model.app_change import AppChange, NewApp, NewKey
from mana_errors.store import apps, db
from mana_errors.store import migrate as store
from mana_errors.store.audit import COMMAND
from rows import add_issue

HEX_32 = re.compile(r"[0-9a-f]{32}")
WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
OLD_KEY = "0123456789abcdef" * 2


async def audited(connection: db.Connection) -> list[tuple[str, str, str]]:
    """Who did what to what, in order."""
    rows = await connection.fetch(
        "SELECT actor, action, subject FROM error_logs.audit_log ORDER BY id"
    )
    return [(row["actor"], row["action"], row["subject"]) for row in rows]


async def test_apps_that_are_met_are_registered_once(connection: db.Connection) -> None:
    """With numbers that count up, a key each, and no new version when there is nothing new."""
    before = await apps.read_version(connection)
    assert await apps.ensure(connection, ["chat", "picture", "chat"]) == ["chat", "picture"]
    assert await apps.read_version(connection) == before + 1
    assert await apps.ensure(connection, ["picture", "chat"]) == []
    assert await apps.read_version(connection) == before + 1
    assert await apps.ensure(connection, ["zitare", "chat"]) == ["zitare"]
    directory = await apps.read_directory(connection)
    assert {app.id: app.number for app in directory.apps.values()} == {
        "chat": 1,
        "picture": 2,
        "zitare": 3,
    }
    assert sorted(directory.keys.values()) == ["chat", "picture", "zitare"]
    assert all(HEX_32.fullmatch(key) for key in directory.keys)
    assert await audited(connection) == [
        ("server", "app.create", app_id) for app_id in ("chat", "picture", "zitare")
    ]


async def test_several_digests_may_meet_the_same_apps_at_once(migrated_dsn: str) -> None:
    """Each in its own transaction: one registers, the others wait and find nothing left."""
    connections = [await db.connect(migrated_dsn) for _ in range(4)]

    async def digest(connection: db.Connection, ids: list[str]) -> list[str]:
        async with connection.transaction():
            made = await apps.ensure(connection, ids)
            await asyncio.sleep(0.05)
            return made

    ids = [f"app-{number}" for number in range(20)]
    made = await asyncio.gather(
        *(digest(connection, ids[start:]) for start, connection in enumerate(connections))
    )
    assert sorted(app_id for part in made for app_id in part) == sorted(ids)
    directory = await apps.read_directory(connections[0])
    assert sorted(app.number for app in directory.apps.values()) == list(range(1, 21))
    assert len(directory.keys) == 20
    for connection in connections:
        await connection.close()


async def test_what_a_failed_batch_registered_is_gone(connection: db.Connection) -> None:
    """The digest's transaction decides."""
    before = await apps.read_version(connection)
    transaction = connection.transaction()
    await transaction.start()
    assert await apps.ensure(connection, ["chat"]) == ["chat"]
    await transaction.rollback()
    assert await apps.read_version(connection) == before
    assert await apps.listed(connection, None) == []


async def test_a_given_number_and_key_are_taken(connection: db.Connection) -> None:
    """So another tracker's DSN stays valid; numbers that are counted up go around it."""
    app, key = await apps.create(connection, NewApp("chat", 2, OLD_KEY), COMMAND)
    assert (app.id, app.number, app.name, key.key, key.app) == ("chat", 2, "chat", OLD_KEY, "chat")
    assert app.settings == AppSettings()
    await apps.ensure(connection, ["a", "b"])
    assert [(app.id, app.number) for app in await apps.listed(connection, None)] == [
        ("a", 1),
        ("b", 3),
        ("chat", 2),
    ]
    directory = await apps.read_directory(connection)
    assert directory.keys[OLD_KEY] == "chat"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (NewApp("chat"), "an app with the id 'chat' exists"),
        (NewApp("other", 7), "an app with the number 7 exists"),
        (NewApp("other", 8, OLD_KEY), f"the key {OLD_KEY} is in use"),
    ],
)
async def test_what_exists_is_named(connection: db.Connection, new: NewApp, said: str) -> None:
    """And nothing of the attempt stays."""
    await apps.create(connection, NewApp("chat", 7, OLD_KEY), COMMAND)
    before = await apps.read_directory(connection), await audited(connection)
    with pytest.raises(Conflict, match=f"^{re.escape(said)}$"):
        await apps.create(connection, new, COMMAND)
    assert (await apps.read_directory(connection), await audited(connection)) == before


async def test_a_number_is_not_used_twice(connection: db.Connection) -> None:
    """Even when its app is gone: an old DSN must not report into another app."""
    await apps.ensure(connection, ["a", "b"])
    await connection.execute("DELETE FROM error_logs.apps WHERE id = 'b'")
    app, _ = await apps.create(connection, NewApp("c"), COMMAND)
    assert app.number == 3


async def test_changes_are_merged_counted_and_written_down(connection: db.Connection) -> None:
    """Field by field, those of filters too."""
    await apps.ensure(connection, ["chat"])
    before = await apps.read_version(connection)
    change = AppChange(settings={"requireKey": True, "filters": {"messages": ["*x*"]}})
    await apps.change(connection, "chat", change, COMMAND)
    change = AppChange(name="Chat", settings={"filters": {"crawlers": True}})
    app = await apps.change(connection, "chat", change, COMMAND)
    assert app.settings == AppSettings(
        require_key=True, filters=Filters(messages=("*x*",), crawlers=True)
    )
    assert (app.name, app.platform) == ("Chat", "")
    assert await apps.find(connection, "chat") == app
    assert await apps.read_version(connection) == before + 2
    details = await connection.fetchval(
        "SELECT details FROM error_logs.audit_log ORDER BY id DESC LIMIT 1"
    )
    assert details["name"] == ["chat", "Chat"]
    assert set(details) == {"name", "filters"}


async def test_a_change_that_changes_nothing_leaves_no_trace(connection: db.Connection) -> None:
    await apps.ensure(connection, ["chat"])
    before = await apps.read_version(connection), await audited(connection)
    change = AppChange(name="chat", settings={"requireKey": False})
    await apps.change(connection, "chat", change, COMMAND)
    assert (await apps.read_version(connection), await audited(connection)) == before


async def test_two_changes_at_once_lose_nothing(
    connection: db.Connection, migrated_dsn: str
) -> None:
    """The second waits for the first and builds on it."""
    await apps.ensure(connection, ["chat"])
    one, two = await db.connect(migrated_dsn), await db.connect(migrated_dsn)
    async with one.transaction():
        await apps.change(one, "chat", AppChange(settings={"requireKey": True}), COMMAND)
        change = AppChange(settings={"rateBurst": 5})
        second = asyncio.create_task(apps.change(two, "chat", change, COMMAND))
        async with asyncio.timeout(PATIENCE_S):
            while not await connection.fetchval(WAITS, two.get_server_pid()):  # noqa: ASYNC110 - the server gives no sign
                await asyncio.sleep(POLL_S)
    await second
    found = await apps.find(connection, "chat")
    assert found.settings == AppSettings(require_key=True, rate_burst=5)
    await one.close()
    await two.close()


async def test_a_directory_is_of_one_instant(
    connection: db.Connection, migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed while it is read belongs to the next version as a whole."""
    other = await db.connect(migrated_dsn)
    read_version = apps.read_version

    async def slowly(connection: db.Connection) -> int:
        version = await read_version(connection)
        await apps.ensure(other, ["chat"])
        return version

    before = await apps.read_directory(connection)
    with monkeypatch.context() as patched:
        patched.setattr(apps, "read_version", slowly)
        assert await apps.read_directory(connection) == before
    assert set((await apps.read_directory(connection)).apps) == {"chat"}
    await other.close()


async def test_a_change_that_makes_no_sense_changes_nothing(connection: db.Connection) -> None:
    await apps.ensure(connection, ["chat"])
    before = await apps.find(connection, "chat")
    change = AppChange(name="new", settings={"rateBurst": -1})
    with pytest.raises(BadRequest, match="rateBurst"):
        await apps.change(connection, "chat", change, COMMAND)
    assert await apps.find(connection, "chat") == before


async def test_what_there_is_not_cannot_be_changed(connection: db.Connection) -> None:
    for app_id in ("chat", "", "a\0b"):
        with pytest.raises(NotFound):
            await apps.find(connection, app_id)
    with pytest.raises(NotFound):
        await apps.change(connection, "chat", AppChange(name="x"), COMMAND)
    with pytest.raises(NotFound):
        await apps.keys_of(connection, "chat")
    with pytest.raises(NotFound):
        await apps.add_key(connection, "chat", NewKey(), COMMAND)
    with pytest.raises(NotFound):
        await apps.find_key(connection, OLD_KEY)


async def test_only_the_apps_asked_for_are_listed(connection: db.Connection) -> None:
    await apps.ensure(connection, ["a", "b", "c"])
    listed = await apps.listed(connection, frozenset({"c", "a", "x"}))
    assert [app.id for app in listed] == ["a", "c"]
    assert await apps.listed(connection, frozenset()) == []


async def test_keys_can_be_added_and_revoked(connection: db.Connection) -> None:
    """Others go on working; a revoked one stays in the list, with its first time."""
    await apps.ensure(connection, ["chat", "picture"])
    second = await apps.add_key(connection, "chat", NewKey("mobile", OLD_KEY), COMMAND)
    version = await apps.read_version(connection)
    assert await apps.find_key(connection, OLD_KEY) == second
    revoked = await apps.revoke_key(connection, "chat", second.id, COMMAND)
    assert revoked.revoked_at is not None
    assert await apps.revoke_key(connection, "chat", second.id, COMMAND) == revoked
    assert await apps.read_version(connection) == version + 1
    first, kept = await apps.keys_of(connection, "chat")
    assert kept == revoked
    directory = await apps.read_directory(connection)
    assert OLD_KEY not in directory.keys
    assert directory.keys[first.key] == "chat"
    with pytest.raises(Conflict, match="in use"):
        await apps.add_key(connection, "picture", NewKey(key=OLD_KEY), COMMAND)
    with pytest.raises(NotFound):
        await apps.revoke_key(connection, "picture", first.id, COMMAND)
    assert (await audited(connection))[2:] == [
        ("command", "key.create", "chat"),
        ("command", "key.revoke", "chat"),
    ]


async def test_uses_of_keys_are_noted_without_a_new_version(connection: db.Connection) -> None:
    await apps.ensure(connection, ["chat", "picture"])
    version = await apps.read_version(connection)
    [key] = await apps.keys_of(connection, "chat")
    await apps.note_keys_used(connection, [key.key, "unknown"])
    [used] = await apps.keys_of(connection, "chat")
    assert used.last_used_at is not None
    await apps.note_keys_used(connection, [key.key])
    assert await apps.keys_of(connection, "chat") == [used], "again at once: not worth a write"
    [other] = await apps.keys_of(connection, "picture")
    assert other.last_used_at is None
    assert await apps.read_version(connection) == version


async def test_an_app_goes_over_its_quota_and_back(connection: db.Connection) -> None:
    """Ingest hears of each change once."""
    await apps.ensure(connection, ["chat"])
    version = await apps.read_version(connection)
    until = datetime.now(UTC) + timedelta(hours=1)
    assert await apps.set_over(connection, "chat", until, Quota.HOUR)
    assert not await apps.set_over(connection, "chat", until, Quota.HOUR)
    directory = await apps.read_directory(connection)
    assert directory.version == version + 1
    assert directory.apps["chat"].over_until == until
    assert directory.apps["chat"].over is Quota.HOUR
    assert (await apps.find(connection, "chat")).over is Quota.HOUR
    assert await apps.set_over(connection, "chat", None, None)
    assert not await apps.set_over(connection, "chat", None, None)
    assert not await apps.set_over(connection, "nosuch", until, Quota.DAY)
    directory = await apps.read_directory(connection)
    assert directory.version == version + 2
    assert directory.apps["chat"].over_until is None


async def test_settings_of_another_release_and_broken_ones(connection: db.Connection) -> None:
    """What is unknown is left out; what was broken by hand costs no other app its settings."""
    await apps.ensure(connection, ["newer", "broken", "fine"])
    for app_id, settings in (
        ("newer", {"requireKey": True, "later": 1, "filters": {"crawlers": True, "later": 2}}),
        ("broken", {"requireKey": "maybe"}),
        ("fine", {"rateBurst": 3}),
    ):
        await connection.execute(
            "UPDATE error_logs.apps SET settings = $2 WHERE id = $1", app_id, settings
        )
    found = (await apps.read_directory(connection)).apps
    assert found["newer"].settings == AppSettings(require_key=True, filters=Filters(crawlers=True))
    assert found["broken"].settings == AppSettings()
    assert found["fine"].settings == AppSettings(rate_burst=3)


async def test_apps_that_reported_to_the_release_before_are_registered(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order in which they first did, each with a key."""
    released = store.available()
    with monkeypatch.context() as patched:
        patched.setattr(store, "available", lambda: released[:1])
        await store.migrate(empty_dsn)
    connection = await db.connect(empty_dsn)
    for app_id in ("zitare", "chat", "zitare"):
        await add_issue(connection, app_id=app_id, facets=None)
    await store.migrate(empty_dsn)
    directory = await apps.read_directory(connection)
    assert {app.id: app.number for app in directory.apps.values()} == {"zitare": 1, "chat": 2}
    assert sorted(directory.keys.values()) == ["chat", "zitare"]
    assert all(HEX_32.fullmatch(key) for key in directory.keys)
    app, _ = await apps.create(connection, NewApp("new"), COMMAND)
    assert app.number == 3
    await connection.close()
