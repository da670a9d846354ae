"""Takes the pictures of docs/images: a server with demo data in a temporary directory, and its
pages in Chromium."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "server/tests"))

from harness import Server, free_port  # noqa: E402 - the tests' own server, where it lies
from mana_errors.access import people  # noqa: E402 - behind the line above, for the same reason

IMAGES: Final = ROOT / "docs/images"
EVENTS: Final = "20000"
DESK: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 780}
TALL: Final = {"width": 1440, "height": 1200}
WALK: Final = {"width": 1000, "height": 620}
HELLO: Final = {
    "errorCode": "HELLO",
    "errorType": "Error",
    "message": "It works",
    "appId": "hello",
}
# name -> path, size, light or dark
SHOTS: Final = {
    "issues": ("/", DESK, "light"),
    "issue": ("/issues/{regressed}", DESK, "light"),
    "issue-dark": ("/issues/{regressed}", DESK, "dark"),
    "issues-phone": ("/", PHONE, "dark"),
    "overview": ("/overview", DESK, "light"),
    "events": ("/events", DESK, "dark"),
    "setup": ("/setup?app=demo-chat", DESK, "light"),
    "alerts": ("/alerts", DESK, "light"),
    "rule": ("/alerts/rules/{first}", TALL, "light"),
    "why": ("/issues/{regressed}/why", WALK, "dark"),
}


def main() -> None:
    """Start, walk as somebody new does, fill, look, stop."""
    finder = [sys.executable, ROOT / "scripts/chromium.py"]
    path = subprocess.check_output(finder, text=True).strip()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        mail = Controller(Sink(), hostname="127.0.0.1", port=free_port())
        mail.start()
        server = Server(Path(folder) / "data", sends_to(mail))
        try:
            server.start()
            walk(browser, server)
            done = server.cli("demo", "--count", EVENTS)
            assert done.returncode == 0, done.stderr
            cookie = server.session()["Cookie"].partition("=")[2]
            for name in SHOTS:
                take(browser, server, cookie, name)
        finally:
            server.clean_up()
            mail.stop()
            browser.close()


def sends_to(mail: Controller) -> dict[str, str]:
    """Settings of a server whose e-mails a receiver takes, and forgets."""
    return {
        "MANA_ERRORS_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        "MANA_ERRORS_SMTP_FROM": "errors@example.org",
    }


def walk(browser: Browser, server: Server) -> None:
    """From the sign-in link to the first own error: the pictures of the README's steps."""
    page = browser.new_page(viewport=WALK, color_scheme="light", locale="en-GB")
    page.goto(f"{server.base_url}/welcome/{server.in_database(people.welcome)}")
    page.get_by_label("E-mail").fill("olga@example.org")
    for label in ("Password", "Password again"):
        page.get_by_label(label, exact=True).fill("correct horse battery staple")
    page.screenshot(path=IMAGES / "walk-1-account.png")
    page.get_by_role("button", name="Create account").click()
    page.locator(".empty").wait_for()
    page.screenshot(path=IMAGES / "walk-2-nothing-yet.png")
    httpx.post(f"{server.base_url}/api/v1/errors", json=HELLO).raise_for_status()
    # by itself
    page.locator(".row-title").wait_for()
    page.screenshot(path=IMAGES / "walk-3-first-issue.png")
    page.goto(f"{server.base_url}/setup?app=hello")
    page.get_by_role("button", name="Send test event").click()
    page.locator(".test-state.arrived").wait_for()
    page.screenshot(path=IMAGES / "walk-4-set-up.png")
    page.close()


def take(browser: Browser, server: Server, cookie: str, name: str) -> None:
    """One picture."""
    path, size, scheme = SHOTS[name]
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB")
    context.add_cookies([{"name": "mana_session", "value": cookie, "url": server.base_url}])
    page = context.new_page()
    if "{regressed}" in path:
        page.goto(f"{server.base_url}/?q=is:regressed&sort=count")
        link = page.locator(".row-title").first.get_attribute("href") or ""
        path = re.sub(r"/issues/{regressed}", link, path)
    if "{first}" in path:
        page.goto(f"{server.base_url}/alerts/rules")
        path = page.locator(".row-title").first.get_attribute("href") or ""
    page.goto(server.base_url + path)
    if name == "rule":
        page.locator("button[name=days]").last.click()
    if name == "issues":
        # they come after the page
        page.locator(".beside-list .facets a").first.wait_for()
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
