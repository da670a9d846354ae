"""`mana-errors serve`: one command that keeps running whatever dies, and stops in order."""

import fcntl
import json
import os
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness import Server, executable, lives, wait_until
from mana_errors.cli.signals import ONE_REQUEST_S
from mana_errors.store.embedded.layout import layout_of
from mana_errors.store.embedded.processes import processes_in

StartServer = Callable[..., Server]

REPORT = {"errorCode": "X", "errorType": "Error", "message": "hello", "appId": "chat"}
# Nobody listens there: connections are refused at once.
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"


def report(server: Server, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to one reported error."""
    request = urllib.request.Request(
        f"{server.base_url}/api/v1/errors",
        json.dumps(body or REPORT).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def stored(server: Server) -> int:
    """Events in the table, also of a server that has stopped."""
    done = server.cli("psql", "-XAtc", "SELECT count(*) FROM error_logs.error_logs")
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def child_replaced(server: Server, name: str, old: int) -> Callable[[], bool]:
    """Whether another process has the child's place."""
    return lambda: server.children(name).get(name, old) != old


def events(server: Server, event: str) -> list[dict[str, Any]]:
    """Log lines of one kind."""
    return [line for line in server.log() if line["event"] == event]


def processes_of(server: Server) -> list[int]:
    """Pids of everything that was ever started and still lives, PostgreSQL's included."""
    children = [int(line["child_pid"]) for line in events(server, "started")]
    live = [pid for pid in children if lives(pid)]
    return live + sorted(processes_in(layout_of(server.data_dir).cluster))


def test_the_greeting_has_a_curl_line_that_works(start_server: StartServer) -> None:
    """What a stranger pastes is stored in the embedded PostgreSQL."""
    server = start_server()
    wait_until(lambda: "curl " in server.log_path.read_text(), "greeting")
    lines = (line.strip() for line in server.log_path.read_text().splitlines())
    curl = shlex.split(next(line for line in lines if line.startswith("curl ")))
    url, header, body = curl[curl.index("POST") + 1], curl[-3], curl[-1]
    assert url == f"http://localhost:{server.port}/api/v1/errors"
    request = urllib.request.Request(url, body.encode(), dict([header.split(": ")]), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
        assert json.load(answer)["success"] is True
    wait_until(lambda: stored(server) == 1, "the stored event")


def test_reports_are_accepted_without_a_database(start_server: StartServer) -> None:
    server = start_server(start=False, DATABASE_URL=NO_DATABASE)
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    assert report(server)["success"] is True
    assert server.status("/health/ready") == 503


def test_what_dies_is_started_again(start_server: StartServer) -> None:
    """Worker, background process and PostgreSQL, each by kill -9; nothing accepted is lost."""
    server = start_server()
    report(server)
    for name in ("worker-0", "background"):
        old = server.children()[name]
        os.kill(old, signal.SIGKILL)
        wait_until(child_replaced(server, name, old), f"a new {name}")
        wait_until(server.is_ready, "ready")
        report(server)
    postmaster = int(events(server, "PostgreSQL is ready")[-1]["pid"])
    os.kill(postmaster, signal.SIGKILL)
    report(server)
    wait_until(lambda: len(events(server, "PostgreSQL is ready")) > 1, "PostgreSQL again")
    wait_until(server.is_ready, "ready")
    wait_until(lambda: stored(server) == 4, "all events")
    assert {line["how"] for line in events(server, "died")} == {"SIGKILL"}


def test_a_second_server_is_refused_by_name(start_server: StartServer) -> None:
    """It says whose the data directory is, and leaves it alone."""
    server = start_server(DATABASE_URL=NO_DATABASE, start=False)
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    second = server.cli("serve", "--port", "0")
    assert second.returncode == 1
    assert server.process is not None
    assert f"in use by process {server.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert report(server)["success"] is True


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(tmp_path / "data", port=taken.getsockname()[1])
        done = server.cli("serve")
    assert done.returncode == 1
    assert f"Port {server.port} on localhost is taken" in done.stderr


def test_port_0_picks_one_and_says_which(start_server: StartServer) -> None:
    server = start_server(start=False, DATABASE_URL=NO_DATABASE)
    server.spawn("--port", "0")
    wait_until(lambda: server.log_path.exists() and events(server, "accepting reports"), "live")
    server.port = int(events(server, "accepting reports")[0]["address"].rpartition(":")[2])
    assert server.port
    assert report(server)["success"] is True


def test_several_workers_share_the_port(start_server: StartServer) -> None:
    """Any one of them may die."""
    server = start_server(start=False, DATABASE_URL=NO_DATABASE, MANA_ERRORS_WORKERS="2")
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    assert set(server.children("worker")) == {"worker-0", "worker-1"}
    first = server.children()["worker-0"]
    os.kill(first, signal.SIGKILL)
    for _ in range(10):
        report(server)
    wait_until(child_replaced(server, "worker-0", first), "a new worker")


def test_sigterm_drains_and_leaves_nothing_running(start_server: StartServer) -> None:
    """What was accepted just before is stored when the server is gone."""
    server = start_server()
    for _ in range(20):
        report(server)
    assert server.stop() == 0
    assert processes_of(server) == []
    assert events(server, "died") == []
    assert events(server, "killed") == []
    assert stored(server) == 20


def test_ctrl_c_reaches_the_server_alone(start_server: StartServer) -> None:
    """A terminal signals its whole foreground group; children are to be stopped in order."""
    server = start_server(start=False)
    with server.log_path.open("ab") as log:
        server.process = subprocess.Popen(
            [executable(), "serve"], env=server.full_environ(), stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    wait_until(server.is_ready, "ready")
    groups = {os.getpgid(pid) for pid in processes_of(server)}
    assert server.process.pid not in groups
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(60) == 0
    assert events(server, "died") == []
    assert processes_of(server) == []


def test_asked_twice_it_does_not_wait(start_server: StartServer) -> None:
    """A worker that hangs is killed at the second request."""
    server = start_server(DATABASE_URL=NO_DATABASE, start=False)
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    os.kill(server.children()["worker-0"], signal.SIGSTOP)
    assert server.process is not None
    server.process.terminate()
    # the socket is closed once the first request is under way
    wait_until(lambda: events(server, "stopping"), "stopping")
    # two signals at once are one request
    time.sleep(2 * ONE_REQUEST_S)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 0
    killed = events(server, "killed")
    assert [(line["child"], line["asked_twice"]) for line in killed][:1] == [("worker-0", True)]


def test_after_kill_9_of_the_server_a_restart_needs_no_help(start_server: StartServer) -> None:
    """Its children leave by themselves, its PostgreSQL is adopted, nothing is lost."""
    server = start_server()
    report(server)
    children = server.children()
    postmaster = int(events(server, "PostgreSQL is ready")[-1]["pid"])
    server.kill()
    server.start()
    assert int(events(server, "PostgreSQL is ready")[-1]["pid"]) == postmaster
    assert not any(lives(pid) for pid in children.values())
    report(server)
    wait_until(lambda: stored(server) == 2, "both events")
    assert server.stop() == 0
    assert processes_of(server) == []


def open_files(pid: int) -> Iterator[str]:
    """Paths of what a process has open. What it closes meanwhile is left out."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(descriptor.readlink())


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_every_child_holds_the_data_directory(start_server: StartServer) -> None:
    """So that what a killed server left behind keeps its successor waiting."""
    server = start_server(start=False, DATABASE_URL=NO_DATABASE)
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    for pid in server.children().values():
        assert str(server.data_dir / "lock.children") in set(open_files(pid))


def test_a_restart_waits_for_children_of_the_killed_server(start_server: StartServer) -> None:
    """Two servers' children never share a data directory, even on different ports."""
    server = start_server(start=False, DATABASE_URL=NO_DATABASE)
    server.data_dir.mkdir()
    owner = server.data_dir / "lock"
    with (server.data_dir / "lock.children").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        server.spawn()
        assert server.process is not None
        pid = str(server.process.pid)
        wait_until(lambda: owner.exists() and owner.read_text().strip() == pid, "the new owner")
        assert server.children() == {}
    wait_until(lambda: server.status("/health/live") == 200, "live")


def test_counters_of_an_earlier_life_are_gone(start_server: StartServer) -> None:
    """Metrics start at nothing."""
    server = start_server(start=False, DATABASE_URL=NO_DATABASE)
    stale = server.data_dir / "run" / "metrics" / "counter_1.db"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    assert not stale.exists()
    assert list(stale.parent.iterdir())


def test_a_cluster_of_another_release_ends_the_server(start_server: StartServer) -> None:
    """Trying again cannot help, so it says what to do and stops."""
    server = start_server()
    server.stop()
    (layout_of(server.data_dir).cluster / "PG_VERSION").write_text("17\n")
    done = server.cli("serve")
    assert done.returncode == 1
    assert "was made by PostgreSQL 17" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_the_supervisor_stays_small(start_server: StartServer) -> None:
    """It lives as long as the server, so it imports neither an event loop nor the command line."""
    server = start_server(start=False, DATABASE_URL=NO_DATABASE)
    server.spawn()
    wait_until(lambda: server.status("/health/live") == 200, "live")
    assert server.process is not None
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    for heavy in ("_asyncio", "_ssl", "asyncpg", "msgspec", "uvloop"):
        assert heavy not in maps
