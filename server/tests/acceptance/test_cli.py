"""The command line: what scripts build on."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from harness import Server, executable
from mana_errors import __version__
from mana_errors.cli.psql import without_password
from mana_errors.store.db import Connection

StartServer = Callable[..., Server]

COMMANDS = ("serve", "migrate", "psql", "doctor", "demo", "app", "key", "token", "users")


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command that needs no server."""
    return subprocess.run(
        [executable(), *arguments], env=environ, capture_output=True, text=True, check=False
    )


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "psql"])
def test_every_command_explains_itself(command: str) -> None:
    """All but psql, whose --help is psql's."""
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"mana-errors {command}" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    """Half a second is spent on imports first of all."""
    code = (
        "import sys; sys.argv = ['mana-errors', '--help']\n"
        "from mana_errors.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'asyncpg', 'asyncio', 'msgspec', 'uvicorn'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version() -> None:
    assert run("--version").stdout == f"mana-errors {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuch",),
        ("serve", "--port", "http"),
        ("serve", "--nosuch"),
        ("token", "create"),
        ("token", "create", "--name", "x", "--scope", "fly"),
        ("token", "create", "--name", "x", "--expires-days", "0"),
    ],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_a_bad_setting_is_status_2_and_one_sentence() -> None:
    done = run("serve", MANA_ERRORS_WORKERS="many")
    assert done.returncode == 2
    assert done.stderr == "mana-errors: MANA_ERRORS_WORKERS: 'many' is not a number\n"


def test_a_token_can_be_made_listed_and_revoked(server: Server) -> None:
    """Its secret is shown once, and to nobody else."""
    name = uuid4().hex
    made = server.cli("token", "create", "--name", name, "--scope", "read,triage", "--json")
    secret = json.loads(made.stdout)["token"]
    assert json.loads(made.stdout)["scopes"] == ["read", "triage"]
    listed = server.cli("token", "list", "--json")
    row = next(r for r in json.loads(listed.stdout)["items"] if r["name"] == name)
    assert sorted(row["scopes"]) == ["read", "triage"]
    assert row["expiresAt"] is None
    assert secret not in listed.stdout
    assert name in server.cli("token", "list", COLUMNS="200").stdout
    assert server.cli("token", "revoke", name).returncode == 0
    assert name not in server.cli("token", "list", "--json").stdout


def test_a_token_may_expire(server: Server) -> None:
    name = uuid4().hex
    server.cli("token", "create", "--name", name, "--expires-days", "7")
    items = json.loads(server.cli("token", "list", "--json").stdout)["items"]
    assert next(row for row in items if row["name"] == name)["expiresAt"]


def test_what_fails_is_status_1_and_one_sentence(server: Server) -> None:
    name = uuid4().hex
    for expected in (0, 1):
        done = server.cli("token", "create", "--name", name)
        assert done.returncode == expected
    assert done.stderr == f"mana-errors: a token named '{name}' exists\n"
    done = server.cli("token", "revoke", uuid4().hex)
    assert done.returncode == 1
    assert "there is no token named" in done.stderr


def test_psql_passes_arguments_output_and_status_through(server: Server) -> None:
    done = server.cli("psql", "-X", "-A", "-t", "-v", "n=41", "-f", "-", text="SELECT :n + 1;\n")
    assert (done.returncode, done.stdout) == (0, "42\n")
    done = server.cli("psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", "-", text="SELECT nosuch;\n")
    assert done.returncode == 3
    assert "nosuch" in done.stderr
    done = server.cli("psql", "--no-such-option")
    assert done.returncode == 1
    assert "unrecognized option" in done.stderr
    assert "psql is the PostgreSQL interactive terminal" in server.cli("psql", "--help").stdout


@pytest.mark.parametrize(
    ("dsn", "address", "password"),
    [
        ("postgresql://u:p%40w@db/x", "postgresql://u@db/x", {"PGPASSWORD": "p@w"}),
        ("postgresql://u:a:b@h:1,i:2/x?a=b", "postgresql://u@h:1,i:2/x?a=b", {"PGPASSWORD": "a:b"}),
        ("postgresql://u@db/x", "postgresql://u@db/x", {}),
        ("postgresql:///x?host=/a:b@c/d", "postgresql:///x?host=/a:b@c/d", {}),
    ],
)  # fmt: skip
def test_passwords_stay_out_of_command_lines(
    dsn: str, address: str, password: dict[str, str]
) -> None:
    """Everybody on a machine can read the arguments of its processes."""
    assert without_password(dsn) == (address, password)


def test_commands_work_beside_an_embedded_server_and_without_one(
    start_server: StartServer,
) -> None:
    """Same data directory, same answers; without a server PostgreSQL runs for the command."""
    server = start_server()
    token = server.token()
    beside = server.cli("psql", "-XAtc", "SELECT name FROM error_logs.tokens")
    assert beside.returncode == 0
    assert beside.stderr == ""
    server.stop()
    alone = server.cli("psql", "-XAtc", "SELECT name FROM error_logs.tokens")
    assert alone.stdout == beside.stdout
    assert "No server runs on this data directory" in alone.stderr
    server.start()
    assert server.token() != token


def test_migrate_on_a_new_data_directory(tmp_path: Path) -> None:
    """The first call does everything, the second has nothing to do."""
    server = Server(tmp_path / "data")
    applied = json.loads(server.cli("migrate", "--json").stdout)["applied"]
    assert applied[0].startswith("0001_")
    assert json.loads(server.cli("migrate", "--json").stdout)["applied"] == []


def test_doctor_finds_a_healthy_server_healthy(server: Server) -> None:
    done = server.cli("doctor", "--json")
    verdicts = {item["check"]: item["verdict"] for item in json.loads(done.stdout)["items"]}
    assert done.returncode == 0, done.stdout
    assert set(verdicts) >= {"python", "data directory", "file system", "free space", "server"}
    assert set(verdicts) >= {"port", "PostgreSQL", "rights", "clock", "migrations", "partitions"}
    assert "fail" not in verdicts.values()
    assert verdicts["spool"] == "ok"


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    """What doctor said, by check."""
    return {item["check"]: item for item in json.loads(done.stdout)["items"]}


def test_doctor_says_what_to_do_without_a_database(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/x"})
    done = server.cli("doctor", "--json")
    assert done.returncode == 1
    assert findings(done)["PostgreSQL"]["verdict"] == "fail"
    assert "DATABASE_URL" in findings(done)["PostgreSQL"]["advice"]
    assert "hunter2" not in done.stdout


def test_doctor_finds_a_port_taken_by_a_stranger(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path / "data", port=server.port)
    done = other.cli("doctor", "--json")
    assert done.returncode == 1
    assert "is taken" in findings(done)["port"]["advice"]


def test_doctor_finds_what_a_database_lacks(empty_dsn: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", {"DATABASE_URL": empty_dsn})
    done = server.cli("doctor", "--json")
    assert done.returncode == 0
    assert findings(done)["migrations"]["verdict"] == "warn"
    assert "mana-errors migrate" in findings(done)["migrations"]["advice"]


def test_a_database_without_tables_is_said_to_be_one(empty_dsn: str, tmp_path: Path) -> None:
    done = Server(tmp_path / "data", {"DATABASE_URL": empty_dsn}).cli("app", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("or run `mana-errors migrate`.\n")
    assert "Traceback" not in done.stderr


def test_doctor_finds_a_data_directory_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    done = Server(tmp_path / "data").cli("doctor", "--json")
    assert done.returncode == 1
    assert findings(done)["data directory"]["verdict"] == "fail"


def test_doctor_for_people(server: Server) -> None:
    done = server.cli("doctor")
    assert re.search(r"^ok +PostgreSQL +\d+\.\d+", done.stdout, re.MULTILINE)


def test_demo_stores_what_it_says(server: Server) -> None:
    """Counts, rollups and the ledger agree, and what was fixed and comes back has regressed."""

    async def sums(connection: Connection) -> list[int]:
        tables = {
            "issues": "count",
            "rollups": "count",
            "error_logs": "weight",
            "outcomes": "count",
        }
        return [
            await connection.fetchval(f"SELECT sum({column})::bigint FROM error_logs.{table}")
            for table, column in tables.items()
        ]

    before = server.in_database(sums)
    done = server.cli("demo", "--count", "2000")
    assert done.returncode == 0, done.stderr
    assert "2000 errors of 12 apps" in done.stdout
    assert f"http://localhost:{server.port}/" in done.stdout
    after = server.in_database(sums)
    assert [more - (less or 0) for more, less in zip(after, before, strict=True)] == [2000] * 4
    statuses = "SELECT count(*) FILTER (WHERE regressions > 0) FROM error_logs.issues"
    assert server.in_database(lambda connection: connection.fetchval(statuses))


def test_demo_without_a_server_says_so(tmp_path: Path) -> None:
    done = Server(tmp_path / "data").cli("demo")
    assert done.returncode == 1
    assert "mana-errors serve" in done.stderr
