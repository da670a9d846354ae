"""The examples of the guides do what the guides say."""

from __future__ import annotations

import re

import httpx
import pytest

from harness import free_port, wait_until
from mana_errors_sdk.integrations import INTEGRATIONS
from programs import HERE, Site
from sdk_environments import ROOT

EXAMPLES = ROOT / "examples"
SERVERS = {
    "fastapi": "-m uvicorn --port {port} app:app",
    "flask": "-m gunicorn --bind 127.0.0.1:{port} app:app",
    "django": "-m gunicorn --bind 127.0.0.1:{port} app:application",
}


def _status(url: str) -> int | None:
    try:
        return httpx.get(url).status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("framework", SERVERS)
def test_a_web_app(site: Site, framework: str) -> None:
    """A 404 is not reported, an error is, with its request."""
    port = free_port()
    command = SERVERS[framework].format(port=port).split()
    # the app's own id is an argument of init(), which beats the environment
    program = site.start("-", "frameworks", *command, cwd=EXAMPLES / f"mana-{framework}")
    base = f"http://127.0.0.1:{port}/orders"
    wait_until(lambda: _status(f"{base}/0") == 404, program.text())
    assert _status(f"{base}/7") == 500
    app = {"fastapi": "orders-api"}.get(framework, f"orders-{framework}")
    (event,) = site.events(app, 1)
    assert (event["requestUrl"], event["tags"]) == (f"{base}/7", {"order": "7"})
    assert event["release"] == "orders@1.2.3"
    program.stop()


@pytest.mark.parametrize("framework", ["celery", "rq", "dramatiq", "lambda"])
def test_tasks(site: Site, framework: str) -> None:
    """A task that fails is reported, with what it was asked for."""
    cwd = EXAMPLES / f"mana-{framework}"
    program = site.run("-", "frameworks", HERE / "drive_example.py", framework, cwd=cwd)
    events = site.events(f"orders-{framework}", 1)
    assert [(event["errorType"], event["tags"]) for event in events] == [
        ("KeyError", {"order": "7"})
    ], program.text()
    assert framework in events[0]["context"]


def test_a_script(site: Site) -> None:
    """What it catches and reports, each with its own tag, and what ends it."""
    site.run("-", "frameworks", "app.py", cwd=EXAMPLES / "mana-python")
    events = site.events("orders", 3)
    tagged = {(event["tags"] or {}).get("order") for event in events}
    assert (len(events), tagged) == (3, {"7", "8", None})


def test_the_guide() -> None:
    """Its code is that of the examples."""
    guide = (ROOT / "docs/python.md").read_text()
    shown = re.findall(r"<!-- (examples/\S+) -->\n```python\n(.*?)\n```", guide, re.DOTALL)
    assert len(shown) == len(list(EXAMPLES.glob("mana-*/app.py")))
    for path, code in shown:
        assert code == (ROOT / path).read_text().rstrip(), path


def test_the_table_of_integrations() -> None:
    """The guide names each that can be turned off."""
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs/python.md").read_text(), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(INTEGRATIONS)
