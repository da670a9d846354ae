"""What the page that sets an app up tells people to paste, as it is shown: it runs, and its error
arrives. The guides of our own package for JavaScript are tested beside it, in
sdks/typescript/e2e/guides.test.ts."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

import httpx
import pytest

from harness import PATIENCE_S, Server, wait_until
from sdk_environments import ROOT, node, python, run

# of pages, in the order in which people read them
Codes = list[str]


class Setup:
    """An app, its page, and what arrived."""

    def __init__(self, server: Server, app: str) -> None:
        self._app = app
        made = server.cli("app", "create", app, "--json")
        assert made.returncode == 0, made.stderr
        self._base_url = server.base_url
        self._wait_for(json.loads(made.stdout))
        self._headers = server.session()
        page = self._get("/setup", app=app)
        assert page.status_code == 200, page.text
        self._page = page.text

    def _wait_for(self, made: dict[str, str]) -> None:
        """The key was made a moment ago, and clients ask once."""
        url = f"{self._base_url}/api/{made['number']}/envelope/?sentry_key={made['key']}"
        wait_until(lambda: httpx.post(url, content=b"{}\n").is_success, "the key")

    def _get(self, path: str, **query: str) -> httpx.Response:
        url = self._base_url + path
        return httpx.get(url, params=query, headers=self._headers, timeout=PATIENCE_S)

    def codes(self, guide: str) -> Codes:
        """What a guide tells to write."""
        section = self._page.partition(f">{guide}</h2>")[2].partition("</section>")[0]
        parts = [part for part in section.split("<pre") if 'id="code-' in part]
        return [unescape(part.partition(">")[2].partition("</pre>")[0]) for part in parts]

    def arrived(self) -> str:
        """The message of the first event."""

        def found() -> str | None:
            items = self._get("/api/v1/events", app=self._app).json()["items"]
            return items[0]["message"] if items else None

        return wait_until(found, "the event")


def _python(codes: Codes, folder: Path) -> None:
    program = folder / "program.py"
    program.write_text(f"{codes[0]}\n\nraise RuntimeError('It works')\n")
    run(sys.executable, program, PYTHONPATH=str(ROOT / "sdks/python/src"))


def _sentry_python(codes: Codes, folder: Path) -> None:
    program = folder / "program.py"
    program.write_text(f"{codes[0]}\n\nraise RuntimeError('It works')\n")
    run(python("new"), program)


def _sentry_node(codes: Codes, folder: Path) -> None:
    (folder / "node_modules").symlink_to(node() / "node_modules")
    (folder / "instrument.mjs").write_text(codes[0])
    (folder / "app.mjs").write_text("throw new Error('It works');")
    run(*codes[1].split(), cwd=folder)


def _http(codes: Codes, _: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    subprocess.run(codes[0], shell=True, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("guide", "follow"),
    [
        ("Python", _python),
        ("Sentry SDK: Python", _sentry_python),
        ("Sentry SDK: Node", _sentry_node),
        ("HTTP", _http),
    ],
)
def test_a_guide_works_as_it_is_shown(
    server: Server, tmp_path: Path, guide: str, follow: Callable[[Codes, Path], None]
) -> None:
    """An id with quotes in it breaks none."""
    setup = Setup(server, f'it\'s "{guide}"')
    follow(setup.codes(guide), tmp_path)
    assert setup.arrived() == "It works"


def test_opentelemetry_finds_its_way_by_environment(server: Server) -> None:
    """The example, with what the page tells to export."""
    setup = Setup(server, "otel-guide")
    lines = setup.codes("OpenTelemetry")[0].splitlines()
    environ = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    run(python("new"), ROOT / "examples/opentelemetry/app.py", "unhandled", **environ)
    assert setup.arrived() == "'cart'"
