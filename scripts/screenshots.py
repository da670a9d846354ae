"""Takes the pictures of docs/images: a server with demo data in a temporary directory, and its
pages in Chromium."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "server/tests"))

from harness import Server  # noqa: E402 - the tests' own server, where it lies

IMAGES: Final = ROOT / "docs/images"
EVENTS: Final = "20000"
DESK: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 780}
# name -> path, size, light or dark
SHOTS: Final = {
    "issues": ("/", DESK, "light"),
    "issue": ("/issues/{regressed}", DESK, "light"),
    "issue-dark": ("/issues/{regressed}", DESK, "dark"),
    "issues-phone": ("/", PHONE, "dark"),
    "overview": ("/overview", DESK, "light"),
    "events": ("/events", DESK, "dark"),
    "setup": ("/setup?app=demo-chat", DESK, "light"),
}


def main() -> None:
    """Start, fill, look, stop."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        try:
            server.start()
            done = server.cli("demo", "--count", EVENTS)
            assert done.returncode == 0, done.stderr
            cookie = server.session()["Cookie"].partition("=")[2]
            with sync_playwright() as playwright:
                path = subprocess.check_output(
                    [sys.executable, ROOT / "scripts/chromium.py"], text=True
                ).strip()
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                for name in SHOTS:
                    take(browser, server, cookie, name)
                browser.close()
        finally:
            server.clean_up()


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
    page.goto(server.base_url + path)
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
