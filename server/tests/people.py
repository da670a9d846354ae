"""Members for tests, and browsers that they have signed in with."""

import re
from html import unescape
from html.parser import HTMLParser

import httpx

from mana_errors.access.passwords import Passwords
from mana_errors.model.member import BoundApps, Member
from mana_errors.model.principal import Role
from mana_errors.store import members, sessions
from mana_errors.store.audit import SERVER
from mana_errors.store.db import Connection
from mana_errors.store.members import NewMember

PASSWORD = "correct horse battery staple"


async def add_member(
    connection: Connection,
    email: str = "olga@example.org",
    role: Role = Role.OWNER,
    apps: BoundApps = None,
) -> Member:
    """A member with the password above."""
    hashed = await Passwords().hash(PASSWORD)
    return await members.create(connection, SERVER, NewMember(email, role, apps, hashed))


async def session_of(connection: Connection, member: Member) -> dict[str, str]:
    """Cookies of a browser that the member signed in with."""
    secret = await sessions.start(connection, member.id, "127.0.0.1", "test")
    return {"mana_session": secret}


class Page(HTMLParser):
    """What a page says: forms with their fields, headings, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        # action -> field -> value
        self.forms: dict[str, dict[str, str]] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._form: dict[str, str] | None = None
        self._choice = ""
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self.tags.append((tag, of))
        if tag == "form":
            self._form = self.forms.setdefault(of.get("action", ""), {})
        if self._form is None:
            return
        if tag == "input" and "name" in of and (of.get("type") != "checkbox" or "checked" in of):
            self._form[of["name"]] = of.get("value", "")
        if tag == "textarea":
            self._area = of["name"]
            self._form[self._area] = ""
        if tag == "select":
            self._choice = of["name"]
        if tag == "option" and "selected" in of:
            self._form[self._choice] = of["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form[self._area] += data


async def send(
    client: httpx.AsyncClient,
    path: str,
    action: str | None = None,
    headers: dict[str, str] | None = None,
    **values: str | list[str],
) -> httpx.Response:
    """Fill in the form of a page and send it, as a browser does."""
    page = await client.get(path)
    assert page.status_code == 200, page.text
    fields = Page(page.text).forms["" if action is None else action]
    about = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    return await client.post(action or path, data=fields | values, headers=about | (headers or {}))


def text_of(html: str) -> str:
    """What a person reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
