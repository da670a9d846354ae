"""`mana-errors users erase` beside a server, after it, and with a person at the terminal."""

import asyncio
import json
import os
import pty
import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from harness import Server, executable, wait_until
from mana_errors.model.event import Event
from mana_errors.model.ids import uuid7
from mana_errors.store.spool.format import encode_event
from mana_errors.store.spool.writer import SpoolLimits, SpoolWriter
from rows import NOON
from spooling import append

StartServer = Callable[..., Server]


def report(server: Server, user: str, **fields: Any) -> str:
    """Send an error that this user met; its id."""
    body = {"errorCode": "CODE", "errorType": "TypeError", "message": "it broke", "appId": "chat"}
    data = json.dumps(body | {"userId": user} | fields).encode()
    request = urllib.request.Request(
        f"{server.base_url}/api/v1/errors", data, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["id"]


def test_what_was_just_acknowledged_is_erased_too(server: Server) -> None:
    """Spool, digest and triage are waited for."""
    user, other, code = uuid4().hex, uuid4().hex, uuid4().hex
    for name in (user, user, other):
        report(server, name, errorCode=code, context={"breadcrumbs": [f"/users/{name}"]})
    done = server.cli("users", "erase", user, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {
        "events": 2, "reportedEvents": 0, "deadLetters": 0, "sketches": 1, "estimates": 0,
        "issues": 1, "waitingBytes": 0, "folded": True, "complete": True,
    }  # fmt: skip
    rows = server.psql(
        f"SELECT user_id, context FROM error_logs.error_logs WHERE error_code = '{code}'"
    )
    assert user not in rows
    assert rows.count("/users/[erased]") == 2
    assert rows.count(other) == 2
    hashes = "SELECT issue_id FROM error_logs.issue_hashes h JOIN error_logs.error_logs e"
    issues = f"{hashes} USING (grouping_hash) WHERE error_code = '{code}'"
    assert server.psql(f"SELECT users FROM error_logs.issues WHERE id IN ({issues})") == "1"
    subjects = server.psql("SELECT subject, details FROM error_logs.audit_log")
    assert '"events": 2' in subjects
    assert user not in subjects


def test_what_is_told_to_a_person(server: Server) -> None:
    done = server.cli("users", "erase", uuid4().hex, "--yes")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "0 events were theirs and name nobody any more"
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("someone",), ("someone", "--json"), (" ", "--yes"), ()])
def test_nothing_is_erased_unasked(server: Server, arguments: tuple[str, ...]) -> None:
    """A script must say --yes."""
    report(server, "someone")
    done = server.cli("users", "erase", *arguments, text="y\n")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("answer", "status"), [("n\n", 1), ("y\n", 0)])
def test_a_person_at_a_terminal_is_asked(server: Server, answer: str, status: int) -> None:
    user = uuid4().hex
    report(server, user)
    mine = f"SELECT count(*) FROM error_logs.error_logs WHERE user_id = '{user}'"
    wait_until(lambda: server.psql(mine) == "1", "the event")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [executable(), "users", "erase", user],
        env=server.full_environ() | {"TERM": "xterm"},
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        screen = os.read(ours, 1000)
        os.write(ours, answer.encode())
        screen += drained(ours)
        assert process.wait(60) == status
    os.close(ours)
    assert f"Erase {user} from all events?".encode() in screen
    assert server.psql(mine) == str(status)


def drained(terminal: int) -> bytes:
    """Everything until the other end is gone."""
    screen = b""
    try:
        while chunk := os.read(terminal, 1000):
            screen += chunk
    except OSError:
        pass
    return screen


def test_without_a_server_what_waits_in_the_spool_is_told_about(
    migrated_dsn: str, start_server: StartServer
) -> None:
    """And a second time, after a server stored it, nothing is left to do."""
    server = start_server(start=False, DATABASE_URL=migrated_dsn)
    asyncio.run(spooled(server, "ann"))
    done = server.cli("users", "erase", "ann", "--yes", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["complete"], told["events"]) == (1, False, 0)
    assert told["waitingBytes"] > 100
    assert "NOT DONE" in server.cli("users", "erase", "ann", "--yes").stdout
    server.start()
    server.stop()
    done = server.cli("users", "erase", "ann", "--yes", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["complete"], told["events"]) == (0, True, 1)


async def spooled(server: Server, user: str) -> None:
    """An event that was acknowledged before everything went down."""
    writer = SpoolWriter(server.data_dir / "spool", SpoolLimits(1 << 40, 0))
    event = Event(
        id=uuid7(), occurred_at=NOON, received_at=NOON, app_id="chat", error_code="CODE",
        error_type="TypeError", message="it broke", user_id=user,
    )  # fmt: skip
    await append(writer, encode_event(event))
    await writer.close()
