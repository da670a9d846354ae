"""The PostgreSQL below the data directory survives what happens to machines."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from harness import wait_until
from mana_errors.errors import DatabaseUnusable, StoreUnavailable
from mana_errors.store.embedded import EmbeddedPostgres, launch
from mana_errors.store.embedded.layout import binary
from mana_errors.store.embedded.processes import is_alive, processes_in

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL refuses root alone")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and namespaces")


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has run once, to be copied."""
    data_dir = tmp_path_factory.mktemp("initialised")
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    postgres.wait_ready()
    postgres.stop()
    return data_dir


@pytest.fixture
def postgres(initialised: Path, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A cluster of the test's own, not started."""
    data_dir = tmp_path / "data"
    shutil.copytree(initialised, data_dir, ignore=shutil.ignore_patterns(".s.PGSQL*"))
    own = EmbeddedPostgres(data_dir)
    yield own
    own.stop(hard=True)
    wait_until(lambda: not processes_in(own.layout.cluster), "PostgreSQL to leave")


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """A data directory that others can get to, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp())
    yield directory
    shutil.rmtree(directory)


def query(postgres: EmbeddedPostgres, sql: str) -> object:
    """The first value of a query."""

    async def run() -> object:
        connection = await asyncpg.connect(postgres.dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(run())


def up(postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """Started and ready; what a supervisor would try again is tried again."""

    def attempt() -> bool:
        try:
            postgres.start()
            return postgres.wait_ready()
        except StoreUnavailable:
            return False

    wait_until(attempt, "PostgreSQL")
    return postgres


def test_a_new_cluster_has_our_database_in_utf8(postgres: EmbeddedPostgres) -> None:
    up(postgres)
    assert query(postgres, "SELECT current_database()") == "mana_errors"
    assert query(postgres, "SHOW server_encoding") == "UTF8"
    assert query(postgres, "SELECT datlocale FROM pg_database WHERE datname = current_database()")
    assert query(postgres, "SHOW timezone") == "UTC"
    assert query(postgres, "SHOW fsync") == "on"


def test_nobody_else_comes_in(postgres: EmbeddedPostgres) -> None:
    """No TCP, and only the owner may reach the socket."""
    up(postgres)
    assert query(postgres, "SHOW listen_addresses") == ""
    for directory in (postgres.layout.root, postgres.layout.socket_dir):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_long_path_moves_the_socket_only(initialised: Path, tmp_path: Path) -> None:
    """Socket paths are short; data directories need not be."""
    data_dir = tmp_path / ("long" * 25)
    shutil.copytree(initialised, data_dir, ignore=shutil.ignore_patterns(".s.PGSQL*"))
    postgres = EmbeddedPostgres(data_dir)
    try:
        assert query(up(postgres), "SELECT 1") == 1
        assert postgres.dsn == EmbeddedPostgres(data_dir).dsn
    finally:
        postgres.stop(hard=True)
        shutil.rmtree(postgres.layout.socket_dir)


@as_root
@on_linux
def test_root_gives_nothing_away(postgres: EmbeddedPostgres) -> None:
    """As root it runs without an account of its own, and files still belong to root."""
    up(postgres)
    owners = {path.lstat().st_uid for path in postgres.layout.root.rglob("*")}
    assert owners == {0}
    uid_map = Path(f"/proc/{postgres.pid}/uid_map").read_text().split()
    assert uid_map[1:] == ["0", "1"]
    assert uid_map[0] != "0"


@as_root
@on_linux
def test_without_namespaces_an_account_gets_the_directory(public_dir: Path) -> None:
    """Docker forbids user namespaces: then an unprivileged account runs it."""
    root = public_dir / "postgres"
    root.mkdir(mode=0o700)
    forbidden = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import launch; "
        "launch.enter_namespace = lambda: False; launch.main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", forbidden, Path(launch.__file__).parent, root, root, "/usr/bin/id"],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    account = pwd.getpwuid(root.stat().st_uid)
    assert account.pw_uid != 0
    assert f"uid={account.pw_uid}({account.pw_name})" in done.stdout
    assert "(root)" not in done.stdout


@as_root
@on_linux
def test_an_account_that_cannot_reach_it_is_told_a_way_out(tmp_path: Path) -> None:
    """The sentence names the path and the three things one can do."""
    closed = tmp_path / "closed"
    root = closed / "data" / "postgres"
    root.mkdir(parents=True)
    closed.chmod(0o700)
    os.chown(root, pwd.getpwnam("nobody").pw_uid, -1)
    done = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, root, root, "/usr/bin/id"],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode == launch.CANNOT_LAUNCH
    assert str(root) in done.stderr
    assert launch.WAYS_OUT in done.stderr


@on_linux
def test_a_killed_postmaster_is_replaced(postgres: EmbeddedPostgres) -> None:
    """Its back ends leave, its memory goes, what was committed stays."""
    up(postgres)
    query(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    wait_until(lambda: not postgres.running(), "death")
    up(postgres)
    assert query(postgres, "SELECT answer FROM kept") == 42


def test_a_postmaster_that_outlived_its_server_is_adopted(postgres: EmbeddedPostgres) -> None:
    """The next start takes it over, connections and all, and can stop it."""
    first = up(postgres).pid
    second = up(EmbeddedPostgres(postgres.layout.root.parent))
    assert second.pid == first
    second.stop()
    assert not second.running()
    assert not postgres.running()


@on_linux
def test_a_stale_pid_file_with_a_strangers_number(postgres: EmbeddedPostgres) -> None:
    """After a crash in a container the old number often belongs to another process."""
    up(postgres)
    pid_file = postgres.layout.cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.stop(hard=True)
    wait_until(lambda: not processes_in(postgres.layout.cluster), "PostgreSQL to leave")
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        again = up(postgres).pid
        assert again != stranger.pid
        assert is_alive(stranger.pid)
        stranger.kill()


@on_linux
def test_a_shell_in_the_directory_is_no_postgres(postgres: EmbeddedPostgres) -> None:
    """An operator who looks around does not keep it from starting."""
    with subprocess.Popen(["/bin/sleep", "60"], cwd=postgres.layout.cluster) as shell:
        assert not processes_in(postgres.layout.cluster)
        up(postgres)
        shell.kill()


def test_half_an_initdb_is_never_seen(tmp_path: Path) -> None:
    """What a killed first start left is removed, and the cluster is made anew."""
    data_dir = tmp_path / "data"
    leftover = data_dir / "postgres" / "unfinished-1"
    leftover.mkdir(parents=True)
    (leftover / "PG_VERSION").write_text("18\n")
    postgres = up(EmbeddedPostgres(data_dir))
    try:
        assert not leftover.exists()
        assert query(postgres, "SELECT 1") == 1
    finally:
        postgres.stop(hard=True)


def test_another_major_version_is_refused(postgres: EmbeddedPostgres) -> None:
    """Files of another release are left as they are, and the operator is told."""
    (postgres.layout.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseUnusable, match=r"PostgreSQL 17.*pg_dump"):
        postgres.start()


def test_a_start_that_fails_says_why(postgres: EmbeddedPostgres) -> None:
    """The end of PostgreSQL's log is the reason."""
    (postgres.layout.cluster / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    postgres.start()
    with pytest.raises(StoreUnavailable, match="no_such_setting"):
        postgres.wait_ready()


def test_waiting_can_be_given_up(postgres: EmbeddedPostgres) -> None:
    """A server that is told to stop does not wait for a long recovery."""
    cancelled = threading.Event()
    cancelled.set()
    postgres.start()
    assert postgres.wait_ready(cancelled=cancelled) is False


def test_operators_own_values_survive_a_start(postgres: EmbeddedPostgres) -> None:
    """ALTER SYSTEM wins over the file that each start writes anew."""
    up(postgres)
    query(postgres, "ALTER SYSTEM SET work_mem = '12MB'")
    postgres.stop()
    assert query(up(postgres), "SHOW work_mem") == "12MB"


def test_its_log_is_capped(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long log moves aside while PostgreSQL goes on writing."""
    monkeypatch.setattr("mana_errors.store.embedded.cluster.LOG_MAX_BYTES", 10)
    up(postgres)
    postgres.cap_log()
    assert postgres.layout.log.stat().st_size == 0
    assert "ready to accept" in postgres.layout.log.with_suffix(".log.1").read_text()
    with pytest.raises(asyncpg.PostgresError):
        query(postgres, "SELECT 1/0")
    assert "division by zero" in postgres.layout.log.read_text()


def test_psql_of_the_wheel_reads_the_dsn(postgres: EmbeddedPostgres) -> None:
    """One address for asyncpg and libpq."""
    up(postgres)
    command = [binary("psql"), postgres.dsn, "-XAtc", "SELECT 1"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"
