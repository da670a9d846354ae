"""A site with its visitor's browser, for tests in one."""

from dataclasses import dataclass, field

import httpx
from playwright.sync_api import BrowserContext, Page

from harness import Server

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1440, "height": 900}


@dataclass
class Site:
    """The server, and who is signed in."""

    server: Server
    cookie: str
    # app -> id of one of its issues
    issues: dict[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """Without a slash at its end."""
        return self.server.base_url

    def report(self, **values: object) -> None:
        """A native report."""
        plain = {"appId": "shop", "errorCode": "E", "errorType": "TypeError", "message": "no"}
        answer = httpx.post(f"{self.base_url}/api/v1/errors", json={**plain, **values})
        assert answer.status_code == 201, answer.text


class Visitor:
    """A browser's window in which nothing may go wrong."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.site = site
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in {"error", "warning"}:
            self.complaints.append(f"console: {getattr(message, 'text', '')}")

    def open(self, path: str) -> Page:
        """Go to a page of the site; it must be there."""
        answer = self.page.goto(self.site.base_url + path)
        assert answer is not None
        assert answer.status == 200, path
        self.must_be_content()
        return self.page

    def must_be_content(self) -> None:
        """Nothing was blocked, nothing failed, nothing was said."""
        blocked = self.page.evaluate("window.violations ?? []")
        assert [*self.complaints, *blocked] == [], self.page.url
