"""A running server with events of all kinds, and a browser that complains."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

import recordings
import sdk_environments
from browsing import DESKTOP, Site, Visitor
from harness import PATIENCE_S, Cluster, Server, wait_until
from strangers import EVIL, evil_report

# Real SDKs' recorded requests: a chain, a group, breadcrumbs, frames with and without source.
RECORDED = (
    "sentry-python/unhandled-chained.http",
    "sentry-node/aggregate.http",
    "sentry-browser/scope.http",
    "sentry-python-django/template-error.http",
)
_WATCH = """
window.violations = [];
addEventListener('securitypolicyviolation',
  (event) => violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture(scope="session")
def site(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One server for all tests in a browser."""
    dsn = cluster.create(template)
    settings = {"DATABASE_URL": dsn, "MANA_ERRORS_ALERT_NETWORKS": "127.0.0.0/8"}
    server = Server(tmp_path_factory.mktemp("browser") / "data", settings)
    try:
        server.start()
        cookie = server.session()["Cookie"].partition("=")[2]
        site = Site(server, cookie)
        _fill(site)
        yield site
    finally:
        server.clean_up()
        cluster.drop(dsn)


def _fill(site: Site) -> None:
    made = site.server.cli("app", "create", "sdk", "--number", "42", "--key", "a" * 32)
    assert made.returncode == 0, made.stderr
    headers = {"x-sentry-auth": f"Sentry sentry_key={'a' * 32}"}
    with httpx.Client(base_url=site.base_url, timeout=PATIENCE_S) as client:
        send = "/api/42/envelope/"
        wait_until(lambda: client.post(send, content="{}", headers=headers).is_success, "the app")
        for file in RECORDED:
            client.post(send, content=recordings.load(file), headers=headers).raise_for_status()
        report = evil_report()
        client.post("/api/v1/errors", json=report).raise_for_status()
        token = site.server.token("admin")
        client.headers["authorization"] = f"Bearer {token}"
        for number in range(30):
            site.report(errorType=f"Error{number:02}", message=f"number {number}", userId="ann")
        wanted = 1 + len(RECORDED) + 30

        def listed() -> list[dict[str, str]]:
            return client.get("/api/v1/issues?limit=100").json()["items"]

        wait_until(lambda: len(listed()) >= wanted, "all issues")
        site.issues = {issue["app"]: issue["id"] for issue in reversed(listed())}
        for issue in listed():
            site.issues.setdefault(issue["type"], issue["id"])
        for kind in ("rules", "channels"):
            # those that are there from the start
            site.issues[kind] = client.get(f"/api/v1/{kind}").json()["items"][0]["id"]
    assert EVIL[:20] in report["message"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    path = sdk_environments.browser()
    with sync_playwright() as playwright:
        # a container's user namespaces are not ours to set up
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A desktop in the light; indirect parameters of the browser's context."""
    given = getattr(request, "param", {})
    options = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/Berlin", **given}
    context = chromium.new_context(**options)
    context.set_default_timeout(PATIENCE_S * 1000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(_WATCH)
    context.add_cookies([{"name": "mana_session", "value": site.cookie, "url": site.base_url}])
    visitor = Visitor(context, site)
    yield visitor
    visitor.must_be_content()
    context.close()


@pytest.fixture
def name() -> str:
    """Of something that no other test has."""
    return uuid4().hex[:12]
