"""Erasing a person: what names them, and nothing else."""

import asyncio
import fcntl
import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.cli import erase as command
from mana_errors.cli.erase import Place, erase_person, holds
from mana_errors.digest import dead_letters
from mana_errors.digest.dead_letters import DeadLetter
from mana_errors.digest.summarize import user_hash
from mana_errors.model.issue import Delta
from mana_errors.retention import erase
from mana_errors.retention.erase import ERASED, Eraser
from mana_errors.store import db, deltas, sketch
from mana_errors.store.fold import count_users, lead
from rows import NOON, add, add_event, add_issue

ANN = "user_123"


@pytest.mark.parametrize(
    ("identifier", "text", "clean"),
    [
        (ANN, "user_123", ERASED),
        (ANN, "by user_123, user_1234 and xuser_123", f"by {ERASED}, user_1234 and xuser_123"),
        (ANN, "/u/user_123?next=%2Fu%2Fuser_123%26", f"/u/{ERASED}?next=%2Fu%2F{ERASED}%26"),
        (ANN, r"{\"user\":\"user_123\",\n\nuser_123}", rf"{{\"user\":\"{ERASED}\",\n\n{ERASED}}}"),
        ("a@b.org", "https://x/?u=a%40b.org", f"https://x/?u={ERASED}"),
        ("a b", "?u=a+b&v=a%20b", f"?u={ERASED}&v={ERASED}"),
        ("ü", "ü üb %C3%BC", f"{ERASED} üb {ERASED}"),
        (".*", "any .* thing", f"any {ERASED} thing"),
        ("-x-", "-x-", ERASED),
        ("7", "7 of 70, 1.7", f"{ERASED} of 70, 1.{ERASED}"),
    ],
)  # fmt: skip
def test_an_id_is_found_as_a_word(identifier: str, text: str, clean: str) -> None:
    assert Eraser(identifier).text(text) == clean


def test_json_is_cleaned_at_any_depth() -> None:
    value = {"user_123": [1, {"a": "user_123"}, None, True], "b": {"c": ["x user_123"]}}
    expected = {ERASED: [1, {"a": ERASED}, None, True], "b": {"c": [f"x {ERASED}"]}}
    assert Eraser(ANN).clean(value) == expected
    numbers = Eraser("1").clean([1, 1.0, True, "1", 11, {"retry": 1}])
    assert numbers == [ERASED, 1.0, True, ERASED, 11, {"retry": ERASED}]


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("a1_ %é\\", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("a1_", max_size=3), inner, max_size=3)
    ),
)


@given(st.text("a1_ %é\\", min_size=1, max_size=3), trees)
def test_an_erased_value_holds_no_id_and_stays_so(identifier: str, tree: Any) -> None:
    """Property: whole values that are the id are gone, and a second time changes nothing."""
    eraser = Eraser(identifier)
    once = eraser.clean({"id": identifier, "tree": tree})
    assert isinstance(once, dict)
    assert once["id"] == ERASED
    assert eraser.clean(once) == once


@given(trees)
def test_what_does_not_name_the_person_is_left(tree: Any) -> None:
    assert Eraser("somebody").clean(tree) == tree


async def erased(
    connection: db.Connection, directory: Path, identifier: str = ANN, *, served: bool = False
) -> command.Report:
    """Run it."""
    return await erase_person(connection, Place(directory, served), identifier, lambda *_: None)


async def stored(connection: db.Connection, event_id: UUID) -> dict[str, Any]:
    """An event as it is."""
    row = await connection.fetchrow("SELECT * FROM error_logs.error_logs WHERE id = $1", event_id)
    assert row is not None
    return dict(row)


FULL = {
    "request_url": "https://a.example/u/user_123?x=1",
    "request_headers": {"x-user": "user_123", "accept": "*/*"},
    "request_body": {"userId": "user_123", "n": 1},
    "context": {"breadcrumbs": [{"message": "signed in user_123"}], "big": 2**63, "f": 1e308},
    "tags": {"user": "user_123"},
    "notes": {"cut": {"message": 7000}},
    "payload": {"user": {"id": "user_123"}},
    "browser_info": {"name": "Firefox"},
    "device_info": {"owner": "user_123"},
}


async def test_a_person_is_removed_from_their_events_alone(
    connection: db.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "CHUNK", 2)
    issue = await add_issue(connection)
    mine = [await add_event(connection, issue, user_id=ANN, **FULL) for _ in range(3)]
    mine.append(await add_event(connection, issue, user_id=ANN, occurred_at=NOON - timedelta(2)))
    others = [
        await add_event(connection, issue, user_id="user_1234", **FULL),
        await add_event(connection, issue, user_id=None, **FULL),
    ]
    before = [await stored(connection, event) for event in others]
    whole = await stored(connection, mine[0])
    report = await erased(connection, tmp_path)
    assert (report.events, report.reported_events, report.complete) == (4, 0, True)
    assert [await stored(connection, event) for event in others] == before
    clean = await stored(connection, mine[0])
    assert clean == whole | {
        "user_id": None,
        "request_url": f"https://a.example/u/{ERASED}?x=1",
        "request_headers": {"x-user": ERASED, "accept": "*/*"},
        "request_body": {"userId": ERASED, "n": 1},
        "context": {
            "breadcrumbs": [{"message": f"signed in {ERASED}"}],
            "big": 2**63,
            "f": 10**308,
        },
        "tags": {"user": ERASED},
        "payload": {"user": {"id": ERASED}},
        "device_info": {"owner": ERASED},
    }
    assert (await stored(connection, mine[3]))["context"] == {}


async def test_facets_forget_the_person(connection: db.Connection, tmp_path: Path) -> None:
    """Also where no event is left that says whose it was."""
    pairs = [f"tag.user={ANN}", "tag.user=user_1234", f"path=/u/{ANN}", "release=1"]
    issue = await add_issue(connection, facets=pairs)
    words = "UPDATE error_logs.facets SET words = $2 WHERE grouping_hash = $1"
    await connection.execute(words, issue, f"no {ANN} here, nor user_1234")
    await erased(connection, tmp_path)
    row = await connection.fetchrow(
        "SELECT pairs, words FROM error_logs.facets WHERE grouping_hash = $1", issue
    )
    assert row is not None
    assert row["pairs"] == ["type=TypeError", "tag.user=user_1234", "release=1"]
    assert row["words"] == f"no {ERASED} here, nor user_1234"


async def test_events_that_only_reported_the_id_are_cleaned_too(
    connection: db.Connection, tmp_path: Path
) -> None:
    """And whoever they belong to keeps them."""
    issue = await add_issue(connection)
    context = {"reportedUserId": ANN, "who": "user_123"}
    alone = await add_event(connection, issue, context=context)
    theirs = await add_event(connection, issue, user_id="bob", context=context)
    number = await add_event(connection, issue, context={"reportedUserId": 7})
    report = await erased(connection, tmp_path)
    assert (report.events, report.reported_events) == (0, 2)
    for event, user in ((alone, None), (theirs, "bob")):
        row = await stored(connection, event)
        assert row["user_id"] == user
        assert row["context"] == {"reportedUserId": ERASED, "who": ERASED}
    assert (await erased(connection, tmp_path, "7")).reported_events == 1
    assert (await stored(connection, number))["context"] == {"reportedUserId": ERASED}


async def add_users(connection: db.Connection, issue: UUID, *users: str) -> None:
    """The sketch of an issue's hash."""
    held = sketch.add(sketch.EMPTY, [user_hash(user) for user in users])
    await add(connection, "user_sketches", grouping_hash=issue, sketch=held)
    await connection.execute(
        "UPDATE error_logs.issues SET users = $2 WHERE id = $1", issue, sketch.count(held)
    )


async def counts(connection: db.Connection, *issues: UUID) -> list[int]:
    """Their numbers of users."""
    sql = "SELECT users FROM error_logs.issues WHERE id = $1"
    return [await connection.fetchval(sql, issue) for issue in issues]


async def test_exact_counts_forget_and_estimates_are_told_about(
    connection: db.Connection, tmp_path: Path
) -> None:
    """Also where the events are gone and only the count is left."""
    few, only, many, foreign = [await add_issue(connection) for _ in range(4)]
    crowd = [f"u{n}" for n in range(600)]
    await add_users(connection, few, ANN, "bob", "eve")
    await add_users(connection, only, ANN)
    await add_users(connection, many, ANN, *crowd)
    await add_users(connection, foreign, "bob")
    await add_event(connection, many, user_id=ANN)
    before = await counts(connection, many, foreign)
    report = await erased(connection, tmp_path)
    assert (report.sketches, report.estimates, report.issues) == (2, 1, 2)
    assert await counts(connection, few, only) == [2, 0]
    assert await counts(connection, many, foreign) == before
    again = await erased(connection, tmp_path)
    assert (again.events, again.sketches, again.issues) == (0, 0, 0)


def delta(issue: UUID, *users: str) -> Delta:
    """What a digested batch adds."""
    return msgspec.convert(
        [issue, f"f-{issue.hex}", "chat", "t", "E", "", "error", [], NOON, NOON, NOON, "", "",
         None, 1, [[NOON, "", "", 1]], sorted(user_hash(user) for user in users)],
        Delta,
    )  # fmt: skip


async def test_counts_that_wait_to_be_folded_do_not_bring_the_person_back(
    connection: db.Connection, tmp_path: Path
) -> None:
    issue = await add_issue(connection)
    await deltas.insert(connection, uuid4(), [delta(issue, ANN, "bob")])
    report = await erased(connection, tmp_path)
    assert (report.folded, report.sketches) == (True, 1)
    assert await counts(connection, issue) == [1]


async def test_a_triage_that_does_not_fold_is_told_about(
    connection: db.Connection, migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PATIENCE_S", 0.1)
    other = await db.connect(migrated_dsn)
    assert await lead(other)
    await deltas.insert(connection, uuid4(), [delta(await add_issue(connection), ANN)])
    report = await erased(connection, tmp_path)
    assert (report.folded, report.complete) == (False, False)
    await other.close()


async def test_a_fold_under_way_does_not_bring_the_person_back(
    connection: db.Connection, migrated_dsn: str, tmp_path: Path
) -> None:
    """It read the count with the person in it and is about to write it."""
    issue, triage = await add_issue(connection), await db.connect(migrated_dsn)
    await add_users(connection, issue, ANN)
    async with triage.transaction():
        await triage.execute("UPDATE error_logs.issues SET count = count + 1")
        erasing = asyncio.create_task(erased(connection, tmp_path))
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await triage.fetchval(blocked) and not erasing.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await count_users(triage, [delta(issue, ANN, "bob")])
    assert (await erasing).sketches == 1
    assert await counts(connection, issue) == [1]
    await triage.close()


async def test_the_audit_log_says_what_was_done_but_not_to_whom(
    connection: db.Connection, tmp_path: Path
) -> None:
    await add_event(connection, await add_issue(connection), user_id=ANN)
    await erased(connection, tmp_path)
    row = await connection.fetchrow("SELECT * FROM error_logs.audit_log")
    assert row is not None
    assert (row["actor"], row["action"]) == ("command", "user.erase")
    assert row["subject"] == hashlib.sha256(ANN.encode()).hexdigest()[:16]
    assert row["details"]["events"] == 1
    assert ANN not in str(dict(row))


def letter(content: object, reason: str = "22P05: refused") -> bytes:
    """A line of a dead-letter file."""
    return msgspec.json.encode({"at": NOON, "reason": reason, "content": content}) + b"\n"


PACKED = msgspec.msgpack.encode(["chat", ANN, None, {"a": 1}])


@pytest.mark.parametrize(
    ("line", "held"),
    [
        (letter(["chat", ANN, None]), True),
        (letter(["chat", {"context": {"u": [ANN]}}]), True),
        (letter(["chat", "user_1234"]), False),
        (letter(["chat"], "22P05: user_123 is no"), True),
        (letter(PACKED), True),
        (letter(msgspec.msgpack.encode(["chat", "user_1234"])), False),
        (letter(PACKED[:-3] + b"\xff"), True),
        (letter(b"\xa5ME1" + b"A" + ANN.encode() + b"B"), True),
        (letter(b"\xa5ME1garbage"), False),
        (b"{ torn user_123", True),
        (b"{ torn", False),
        (b"[]", False),
        (b'"user_123"', True),
        (b"null user_123", True),
    ],
)
def test_dead_letters_are_found_whatever_they_hold(line: bytes, held: bool) -> None:  # noqa: FBT001
    assert holds(line, ANN) is held


async def test_dead_letters_of_the_person_are_removed(
    connection: db.Connection, tmp_path: Path
) -> None:
    directory = tmp_path / "dead-letters"
    dead_letters.write(directory, [DeadLetter("x", [ANN]), DeadLetter("x", ["bob"])])
    old = directory / "2026-01-01.jsonl"
    old.write_bytes(letter([ANN]) + letter(["eve"]) + letter(ANN))
    untouched = directory / "2026-01-02.jsonl"
    untouched.write_bytes(letter(["eve"]))
    modified = untouched.stat().st_ino
    assert (await erased(connection, tmp_path)).dead_letters == 3
    dead_letters.write(directory, [DeadLetter("x", ["later"])])
    kept = [json.loads(line)["content"] for path in sorted(directory.iterdir())
            for line in path.read_bytes().splitlines()]  # fmt: skip
    assert kept == [["eve"], ["eve"], ["bob"], ["later"]]
    assert untouched.stat().st_ino == modified
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in [old])


def test_nobody_writes_dead_letters_while_some_are_removed(tmp_path: Path) -> None:
    """What is written meanwhile would go with the old file."""
    dead_letters.write(tmp_path, [DeadLetter("x", [n]) for n in range(20)])
    asked: list[bytes] = []

    def unwanted(line: bytes) -> bool:
        asked.append(line)
        with pytest.raises(BlockingIOError):
            lock(tmp_path)
        return False

    assert dead_letters.remove(tmp_path, unwanted) == 0
    assert len(asked) == 20
    lock(tmp_path)


def lock(directory: Path) -> None:
    """As a writer does, but without waiting."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
