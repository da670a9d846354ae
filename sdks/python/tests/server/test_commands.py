"""The command `mana-errors-sdk`, and how programs end."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from between import Between
from harness import Server, free_port
from stand_in import StandIn, garbage, status

COMMAND = Path(sys.executable).with_name("mana-errors-sdk")


@pytest.fixture
def app() -> str:
    return f"commands-{uuid4().hex[:12]}"


def run(
    *words: object, cwd: "str | Path" = ".", **environ: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANA_")}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd, env=kept | environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def events(server: Server, app: str) -> list[Any]:
    query = """SELECT error_type, message, stack_trace, severity, payload::text AS payload
               FROM error_logs.error_logs WHERE app_id = $1"""
    return server.in_database(lambda connection: connection.fetch(query, app))


def test_test_sends_an_event_and_says_so(real: Server, between: Between, app: str) -> None:
    """It is an event like any other."""
    done = run(COMMAND, "test", "--url", real.base_url, "--app-id", app)
    assert done.returncode == 0, done.stderr
    (identifier,) = between.stored(app, 1)
    assert identifier in done.stdout
    ((error_type, *_),) = events(real, app)
    assert error_type == "TestEvent"


def test_test_reads_the_environment(real: Server, between: Between, app: str) -> None:
    """As the program will."""
    done = run(COMMAND, "test", MANA_CORE_AUTH_URL=real.base_url, MANA_ERRORS_APP_ID=app)
    assert done.returncode == 0
    assert between.stored(app, 1)


def test_test_says_what_is_wrong(real: Server, app: str) -> None:
    """A wrong key in the server's own words; nobody there; somebody else's page."""
    wrong = run(COMMAND, "test", "--url", real.base_url, "--app-id", app, "--key", "no-such-key")
    assert wrong.returncode == 1
    assert "key is unknown" in wrong.stdout
    assert run(COMMAND, "test", "--url", f"http://127.0.0.1:{free_port()}").returncode == 1
    with StandIn() as other:
        other.behaviours = [garbage, status(500)]
        assert "no Mana Errors" in run(COMMAND, "test", "--url", other.url).stdout
        assert "HTTP 500" in run(COMMAND, "test", "--url", other.url).stdout
    assert run(COMMAND, "test", "--url", "nonsense").returncode == 1
    assert run(COMMAND).returncode == 2
    assert run(COMMAND, "run").returncode == 2


SCRIPT = """\
import sys
from helper import divide
print(sys.argv, __name__)
divide(int(sys.argv[1]))
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT)
    (folder / "helper.py").write_text("def divide(n):\n    return 1 / n\n")
    return folder


@pytest.mark.parametrize("how", ["script", "module"])
def test_run_reports_what_ends_a_script(
    real: Server, between: Between, app: str, scripts: Path, how: str
) -> None:
    """Its arguments, its name, its traceback and its exit status are as without us."""
    words = [scripts / "script.py"] if how == "script" else ["-m", "script"]
    run_as = [sys.executable, "-m", "mana_errors_sdk", "run"]
    done = run(*run_as, "--url", real.base_url, "--app-id", app, *words, "0", cwd=scripts)
    bare = run(sys.executable, *words, "0", cwd=scripts)
    assert (done.returncode, done.stdout) == (bare.returncode, bare.stdout)
    assert "mana_errors_sdk" not in done.stderr
    assert done.stderr.splitlines()[-4:] == bare.stderr.splitlines()[-4:]
    between.stored(app, 1)
    ((error_type, message, stack, severity, payload),) = events(real, app)
    assert (error_type, message, severity) == ("ZeroDivisionError", "division by zero", "error")
    assert stack.splitlines()[1].startswith(f'  File "{scripts / "script.py"}", line 4')
    assert '"excepthook"' in payload


@pytest.mark.parametrize(
    ("body", "code"),
    [("print('fine')", 0), ("raise SystemExit(3)", 3), ("import os; os._exit(4)", 4)],
)
def test_run_keeps_other_ends(app: str, tmp_path: Path, body: str, code: int) -> None:
    """Nothing is reported that is no error."""
    script = tmp_path / "script.py"
    script.write_text(body)
    with StandIn() as server:
        done = run(COMMAND, "run", "--url", server.url, "--app-id", app, script)
        assert done.returncode == code, done.stderr
        assert server.errors == []


ENDS = {
    "falls off its end": "",
    "sys.exit": "import sys; sys.exit(0)",
    "an exception": "raise RuntimeError('the end')",
    "a thread that still runs": """
import threading, time
threading.Thread(target=time.sleep, args=(0.2,)).start()""",
    "atexit": """
import atexit
atexit.register(lambda: mana_errors_sdk.capture_message('at the very end'))""",
}


@pytest.mark.parametrize("end", ENDS)
def test_what_was_captured_is_delivered_at_the_end(tmp_path: Path, end: str) -> None:
    """However a program ends, but by os._exit() or a signal."""
    script = tmp_path / "script.py"
    with StandIn() as server:
        script.write_text(f"""
import mana_errors_sdk
mana_errors_sdk.init({server.url!r}, 'chat', shutdown_timeout=30)
mana_errors_sdk.capture_message('captured')
{ENDS[end]}
""")
        run(sys.executable, script)
        messages = {error["message"] for error in server.errors}
    wanted = {"captured"} | {"an exception": {"the end"}, "atexit": {"at the very end"}}.get(
        end, set()
    )
    assert messages == wanted


def test_the_end_does_not_wait_for_a_server_that_hangs(tmp_path: Path) -> None:
    """No longer than shutdown_timeout; the bound here leaves room for a busy machine, while the
    server would have taken for ever."""
    script = tmp_path / "script.py"
    with StandIn() as server:
        server.behaviours = [lambda *_: time.sleep(3600)]
        script.write_text(f"""
import mana_errors_sdk
mana_errors_sdk.init({server.url!r}, 'chat', timeout=3600, shutdown_timeout=0.5)
mana_errors_sdk.capture_message('captured')
""")
        done = run(sys.executable, script)
        assert done.returncode == 0
        assert done.stderr == ""


def test_a_program_without_a_server_ends_in_silence(tmp_path: Path) -> None:
    """Nothing on its output, no status of its own."""
    script = tmp_path / "script.py"
    script.write_text(f"""
import mana_errors_sdk
mana_errors_sdk.init('http://127.0.0.1:{free_port()}', 'chat', shutdown_timeout=0.5)
mana_errors_sdk.capture_message('captured')
""")
    done = run(sys.executable, "-X", "dev", "-W", "error", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
