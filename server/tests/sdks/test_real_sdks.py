"""Real SDKs, as people install them, report to a running server: every error is found by the read
API with what it was. The apps are those of examples/."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from harness import PATIENCE_S, Server, wait_until
from sdk_environments import HERE, ROOT, browser, node, python, run

EXAMPLES = ROOT / "examples"
PYTHON = {
    "handled": ("KeyError", "'cart'", 1),
    "unhandled": ("KeyError", "'cart'", 1),
    "chained": ("RuntimeError", "cannot render the page", 2),
    "grouped": ("ExceptionGroup", "two mirrors failed", 3),
}
NODE = {
    "handled": ("TypeError", "Cannot read properties of undefined (reading 'length')", 1),
    "unhandled": ("TypeError", "Cannot read properties of undefined (reading 'length')", 1),
    "chained": ("Error", "cannot render the page", 2),
    "grouped": ("AggregateError", "two mirrors failed", 3),
}
OTEL = {
    "handled": ("KeyError", "'cart'"),
    "unhandled": ("KeyError", "'cart'"),
    "chained": ("RuntimeError", "cannot render the page"),
    # its handler takes the first argument of the exception
    "logged": ("KeyError", "cart"),
}


class Site:
    """A server with an app for each SDK."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.base_url, timeout=PATIENCE_S)
        self.http.headers["authorization"] = f"Bearer {server.token('read')}"

    def dsn(self, app: str) -> str:
        """Of a new app, which the worker knows."""
        done = self.server.cli("app", "create", app, "--json")
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        path, auth = f"/api/{made['number']}/envelope/", f"Sentry sentry_key={made['key']}"

        def known() -> bool:
            answer = self.http.post(path, content="{}", headers={"x-sentry-auth": auth})
            return answer.is_success

        wait_until(known, "the app")
        return f"http://{made['key']}@127.0.0.1:{self.server.port}/{made['number']}"

    def events(self, app: str, count: int) -> list[dict[str, Any]]:
        """All events of an app, whole, once there are so many of them."""

        def listed() -> Any:
            found = self.http.get("/api/v1/events", params={"app": app, "limit": 100}).json()
            return found["items"] if len(found["items"]) >= count else None

        items = wait_until(listed, f"{count} events of {app}")
        assert len(items) == count
        return [self.http.get(f"/api/v1/events/{item['id']}").json() for item in items]

    def culprit(self, event: dict[str, Any]) -> str:
        """Of an event's issue."""

        def issue() -> Any:
            found = self.http.get(f"/api/v1/events/{event['id']}").json()["issueId"]
            return found and self.http.get(f"/api/v1/issues/{found}").json()

        return wait_until(issue, "its issue")["culprit"]


@pytest.fixture(scope="module")
def site(server: Server) -> Iterator[Site]:
    site = Site(server)
    yield site
    site.http.close()


def check(site: Site, app: str, wanted: dict[str, tuple[str, str, int]]) -> list[dict[str, Any]]:
    """One event of each case, as it should be."""
    events = site.events(app, len(wanted))
    by_case = {event["tags"]["case"]: event for event in events}
    for case, (kind, message, length) in wanted.items():
        event = by_case[case]
        assert (event["errorType"], event["message"]) == (kind, message)
        assert len(event["payload"]["exceptions"]) == length
        assert (event["release"], event["environment"]) == ("shop@1.2.3", "canary")
        assert (event["userId"], event["protocol"]) == ("u-1", "sentry")
        assert kind in event["stackTrace"]
    return events


@pytest.mark.parametrize("version", ["new", "old"])
def test_plain_python(site: Site, version: str) -> None:
    """sentry-sdk 2 and 1, without a framework."""
    app = f"python-{version}"
    dsn = site.dsn(app)
    for case in PYTHON:
        run(python(version), EXAMPLES / "python/app.py", case, SENTRY_DSN=dsn)
    events = check(site, app, PYTHON)
    handled = next(event for event in events if event["tags"]["case"] == "handled")
    assert site.culprit(handled) == "python/app.py in total"
    frame = handled["payload"]["exceptions"][0]["frames"][-1]
    assert frame["inApp"] is True
    assert frame["contextLine"].strip() == 'return sum(order["cart"])'


@pytest.mark.parametrize("framework", ["fastapi", "flask", "django", "celery"])
def test_frameworks_of_python(site: Site, framework: str) -> None:
    """What nobody caught is reported by the SDK's integration, with the request or the task."""
    dsn = site.dsn(framework)
    driver = (HERE / "drive.py", framework, EXAMPLES / framework, *PYTHON)
    run(python("new"), *driver, SENTRY_DSN=dsn)
    events = check(site, framework, PYTHON)
    for event in events:
        case = event["tags"]["case"]
        assert case in event["payload"]["transaction"]
        if framework != "celery":
            assert event["requestMethod"] == "GET"
            assert event["requestUrl"].endswith(f"/{case}")
            assert event["payload"]["request"]["query"] == "page=2"


def test_node(site: Site) -> None:
    """@sentry/node."""
    modules = node()
    dsn = site.dsn("node")
    shutil.copy(EXAMPLES / "node/app.js", modules / "app.js")
    for case in NODE:
        run("node", modules / "app.js", case, SENTRY_DSN=dsn)
    events = check(site, "node", NODE)
    handled = next(event for event in events if event["tags"]["case"] == "handled")
    assert site.culprit(handled).endswith("app.js in total")


def test_browser(site: Site) -> None:
    """@sentry/browser, bundled, in Chromium."""
    modules, chromium = node(), browser()
    dsn = site.dsn("browser")
    page = modules / "page"
    shutil.rmtree(page, ignore_errors=True)
    shutil.copytree(EXAMPLES / "browser", page)
    bundle = ("--bundle", f"--outfile={page / 'bundle.js'}")
    run(modules / "node_modules/.bin/esbuild", page / "app.js", *bundle, cwd=modules)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(page))) as pages:
        Thread(target=pages.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{pages.server_port}/index.html"
        for number, case in enumerate(NODE):
            query = httpx.QueryParams({"dsn": dsn, "case": case})
            profile = modules / f"profile-{number}"
            visit(chromium, profile, f"{base}?{query}")
        pages.shutdown()
    events = check(site, "browser", NODE)
    handled = next(event for event in events if event["tags"]["case"] == "handled")
    assert handled["sourceType"] == "frontend_web"
    assert "Chrome" in handled["userAgent"]
    assert site.culprit(handled).endswith("bundle.js in total")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def visit(chromium: str, profile: Path, url: str) -> None:
    """Open a page for two seconds of its own time."""
    run(
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", f"--user-data-dir={profile}", "--virtual-time-budget=2000",
        "--timeout=10000", "--dump-dom", url,
    )  # fmt: skip


def test_opentelemetry(site: Site) -> None:
    """Its SDK for Python: spans and logs; an exception that passes two spans is one event."""
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": site.server.base_url,
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=7.1.0,deployment.environment.name=canary",
    }
    for case, (kind, message) in OTEL.items():
        app = f"otel-{case}"
        program = EXAMPLES / "opentelemetry/app.py"
        run(python("new"), program, case, OTEL_SERVICE_NAME=app, **environ)
        (event,) = site.events(app, 1)
        assert (event["errorType"], event["message"], event["protocol"]) == (kind, message, "otlp")
        assert (event["release"], event["environment"]) == ("7.1.0", "canary")
        assert event["payload"]["trace"]["traceId"]
        assert "in total" in site.culprit(event) or case == "chained"
        if case != "logged":
            assert (event["userId"], event["requestMethod"]) == ("u-1", "GET")
            assert event["requestUrl"] == f"/{case}"
