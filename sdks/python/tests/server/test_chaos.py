"""Whatever the server does, the program meets no exception and never waits, and when all is well
again every event is in the database exactly once."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from between import Between
from harness import PATIENCE_S, free_port, wait_until
from mana_errors_sdk import api, delivery
from stand_in import close_mid_body, garbage, hang_up, status, store_and_hang_up

COUNT = 250
PROGRAM = Path(__file__).with_name("chaos_program.py")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds: how long they are is tested elsewhere."""
    monkeypatch.setattr(delivery, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(delivery, "URGENT_PAUSE_S", 0.01)


@pytest.fixture
def app() -> str:
    return f"chaos-{uuid4().hex[:12]}"


def fail(number: int) -> None:
    raise ValueError(f"number {number}")


def capture_one(number: int) -> str:
    """The id of an error. None may be lost here: the queue is large enough."""
    try:
        fail(number)
    except ValueError:
        identifier = api.capture_exception()
    assert identifier is not None
    return identifier


def capture(count: int = COUNT) -> list[str]:
    return [capture_one(number) for number in range(count)]


def mixed(*behaviours: Any) -> list[Any]:
    return list(behaviours) * 4


TROUBLES: dict[str, list[Any]] = {
    "429 with Retry-After": [status(429, Retry_After="0")] * 3,
    "500": [status(500)] * 3,
    "503 of a proxy": [lambda handler, _: handler.answer(503, b"<html>bad gateway</html>")] * 3,
    "garbage": [garbage] * 3,
    "closing": [hang_up] * 3,
    "closing after it stored": [store_and_hang_up] * 3,
    "closing mid-body after it stored": [close_mid_body] * 3,
    "one after the other": mixed(store_and_hang_up, status(500), garbage, close_mid_body, hang_up),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("spooled", ["memory", "spool"])
def test_trouble_loses_and_doubles_nothing(
    between: Between, app: str, trouble: str, spooled: str, tmp_path: Path
) -> None:
    """With and without a spool."""
    between.behaviours = TROUBLES[trouble][:]
    api.init(between.url, app, spool_dir=tmp_path if spooled == "spool" else None)
    ids = capture()
    assert api.flush(PATIENCE_S)
    assert not between.behaviours
    assert sorted(between.stored(app, COUNT)) == sorted(ids)
    assert api.close(PATIENCE_S)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_down(real: Any, app: str) -> None:
    """Nobody listens; then somebody does."""
    port = free_port()
    api.init(f"http://127.0.0.1:{port}", app)
    ids = capture()
    assert api.flush(0.05) is False
    with _listening(real, port) as between:
        assert api.flush(PATIENCE_S)
        assert sorted(between.stored(app, COUNT)) == sorted(ids)
        api.close(PATIENCE_S)


def _listening(real: Any, port: int) -> Between:
    class Late(Between):
        def server_bind(self) -> None:
            self.server_address = ("127.0.0.1", port)
            super().server_bind()

    return Late(real)


def test_a_server_that_is_slow(between: Between, app: str) -> None:
    """It answers after the client has given up: the program went on, and the copies that were
    stored late are the same events."""
    released = threading.Event()

    def slow(handler: Any, body: Any) -> None:
        released.wait(PATIENCE_S)
        handler.answer(201, handler.server.store(body))

    between.behaviours = [slow] * 3
    api.init(between.url, app, timeout=0.2)
    ids = capture()
    wait_until(lambda: not between.behaviours, "three requests that were given up")
    released.set()
    assert api.flush(PATIENCE_S)
    assert sorted(between.stored(app, COUNT)) == sorted(ids)


def test_a_reset_of_the_real_server(real: Any, app: str) -> None:
    """SIGTERM and a new start, while a program captures."""
    api.init(real.base_url, app)
    ids = capture(50)
    real.stop()
    ids += capture(50)
    real.start()
    ids += capture(50)
    assert api.flush(PATIENCE_S)
    with Between(real) as between:
        assert sorted(between.stored(app, 150)) == sorted(ids)
    api.close(PATIENCE_S)


def test_a_storm_during_an_outage_is_bounded_and_counted(between: Between, app: str) -> None:
    """The queue takes what it may hold; what it does not is counted, to the last event."""
    blocked = threading.Event()

    def hold(handler: Any, _body: Any) -> None:
        blocked.wait(PATIENCE_S)
        handler.answer(500, {})

    before = between.lost()
    between.behaviours = [hold]
    api.init(between.url, app, max_queue=100)
    results = [api.capture_message("storm") for _ in range(5000)]
    taken = [identifier for identifier in results if identifier is not None]
    # the queue, and the batch that the worker holds
    assert 100 <= len(taken) <= 100 + 2 * 100
    blocked.set()
    assert api.flush(PATIENCE_S)
    assert sorted(between.stored(app, len(taken))) == sorted(taken)
    assert api.flush(PATIENCE_S)
    lost = sum(item["quantity"] for batch in between.batches for item in batch.get("discarded", []))
    assert lost == 5000 - len(taken)
    wait_until(lambda: between.lost() == before + lost, "all of them in the ledger")


def test_a_forked_child_leaves_its_parents_spool_alone(
    between: Between, app: str, tmp_path: Path
) -> None:
    """Each has a file of its own, and the parent's lock stays the parent's."""
    released = threading.Event()

    def hold(handler: Any, body: Any) -> None:
        released.wait(PATIENCE_S)
        handler.answer(201, handler.server.store(body))

    between.behaviours = [hold]
    api.init(between.url, app, spool_dir=tmp_path, timeout=PATIENCE_S)
    ids = capture(20)
    wait_until(lambda: not between.behaviours, "the parent's request, which hangs")
    child = os.fork()
    if child == 0:
        done = False
        try:
            capture(20)
            done = api.flush(PATIENCE_S)
        finally:
            os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0
    released.set()
    assert api.flush(PATIENCE_S)
    found = between.stored(app, 40)
    assert len(found) == len(set(found)) == 40
    assert set(ids) < set(found)
    sent = [error["id"] for batch in between.batches for error in batch["errors"]]
    assert len(sent) == 40


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, app: str) -> Iterator[Start]:
    """Starts programs that capture as many errors as they are told, then wait to be killed."""
    programs: list[subprocess.Popen[str]] = []

    def begin(url: str, count: int, *mode: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            str(PROGRAM),
            url,
            app,
            str(tmp_path / "spool"),
            str(count),
            *mode,
        ]
        program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        programs.append(program)
        return program

    yield begin
    for program in programs:
        program.kill()
        program.communicate()


def said(program: subprocess.Popen[str]) -> list[str]:
    """Ids that it has captured."""
    assert program.stdout is not None
    return program.stdout.readline().split()


def ids_safe(between: Between, folder: Path) -> set[str]:
    """Of reports that are on the disk, or were taken by the server."""
    lines = [line for path in folder.glob("*.spool") for line in path.read_bytes().splitlines()]
    on_disk = {json.loads(line)["id"] for line in lines if line.endswith(b"}")}
    return on_disk | {error["id"] for batch in between.batches for error in batch["errors"]}


def wait_until_safe(between: Between, folder: Path, ids: list[str]) -> None:
    """Until all ids are."""
    wait_until(lambda: ids_safe(between, folder) >= set(ids), "all reports to be safe")


@pytest.mark.parametrize("fsync", ["", "fsync"])
def test_a_killed_program_loses_nothing_that_was_spooled(
    between: Between, app: str, tmp_path: Path, start: Start, fsync: str
) -> None:
    """SIGKILL while the server is down; the next start of the program delivers, without capturing
    anything itself."""
    ids = []
    for _ in range(3):
        program = start("http://127.0.0.1:9", 40, fsync)
        ids += said(program)
        wait_until_safe(between, tmp_path / "spool", ids)
        program.kill()
        program.wait()
    heir = start(between.url, 0)
    assert sorted(between.stored(app, 120)) == sorted(ids)
    assert said(heir) == []
    heir.communicate("end\n")
    assert heir.returncode == 0
    assert not list((tmp_path / "spool").iterdir())


def test_a_program_that_is_killed_amid_deliveries_doubles_nothing(
    between: Between, app: str, tmp_path: Path, start: Start
) -> None:
    """What the server had stored already is sent again, and is the same event."""
    ids = []
    for round_ in range(4):
        between.behaviours = [store_and_hang_up] * (round_ + 1)
        program = start(between.url, 40)
        ids += said(program)
        wait_until(lambda: not between.behaviours, "deliveries that broke off")
        wait_until_safe(between, tmp_path / "spool", ids)
        program.kill()
        program.wait()
    heir = start(between.url, 0)
    found = between.stored(app, 160)
    assert sorted(found) == sorted(ids)
    heir.communicate("end\n")


def test_two_programs_that_start_at_once_share_what_is_left(
    between: Between, app: str, tmp_path: Path, start: Start
) -> None:
    """Each file is taken over by one of them."""
    dead = start("http://127.0.0.1:9", 40)
    ids = said(dead)
    wait_until_safe(between, tmp_path / "spool", ids)
    dead.kill()
    dead.wait()
    heirs = [start(between.url, 20) for _ in range(2)]
    for heir in heirs:
        ids += said(heir)
    assert sorted(between.stored(app, 80)) == sorted(ids)
    for heir in heirs:
        heir.communicate("end\n")
    sent = [error["id"] for batch in between.batches for error in batch["errors"]]
    assert len(sent) == len(set(sent))


def test_a_full_disk(between: Between, app: str, start: Start) -> None:
    """The program may write 20 KB only: what does not fit waits in memory, and all arrives."""
    between.behaviours = [status(503, Retry_After="1")] * 2
    program = start(between.url, 60, "full")
    ids = said(program)
    assert len(ids) == 60
    assert sorted(between.stored(app, 60)) == sorted(ids)
    program.communicate("end\n")
    assert program.returncode == 0
