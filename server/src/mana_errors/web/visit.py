"""One visit of a page: who it is, in which language, and how it is answered."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mana_errors.access.passwords import Passwords
from mana_errors.access.sign_in import SignIn
from mana_errors.alerts.links import Links
from mana_errors.config import Settings
from mana_errors.errors import Unauthorized
from mana_errors.ingest.address import Addresses
from mana_errors.model.member import Member, Session, principal_of
from mana_errors.model.principal import Principal
from mana_errors.store import sessions
from mana_errors.store.audit import Actor
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import SecretBox, link_key, open_box
from mana_errors.store.sessions import Found
from mana_errors.web.forms import Form, new_secret, token_for
from mana_errors.web.guard import FORM_COOKIE, Site, address_of
from mana_errors.web.render import Frame, render, theme_of
from mana_errors.web.words import LANGUAGES, pick_language

# What a page may be told to say after a change, as ?done=…
_DONE: Final = frozenset(
    {
        *("saved", "password_changed", "turned_on", "turned_off", "ended", "created"),
        *("key_revoked", "token_revoked", "done_nothing", "done_undo", "done_resolve"),
        *("done_reopen", "done_ignore", "done_assign", "done_prioritize", "done_merge"),
        *("done_unmerge", "done_delete"),
    }
)
# Longer ones are no path of ours.
_MAX_NEXT: Final = 2_000
# Ours have 43 characters; a longer one is not looked up.
_MAX_SECRET: Final = 100
# Live tails of one worker: each is a query a second.
MAX_STREAMS: Final = 20


@dataclass(frozen=True)
class Services:
    """What pages work with; one for a process."""

    settings: Settings
    reader: Reader
    site: Site
    passwords: Passwords = field(default_factory=Passwords)
    # live tails at once
    streams: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_STREAMS))

    @cached_property
    def addresses(self) -> Addresses:
        """Who tells clients' addresses."""
        return Addresses(self.settings.trusted_proxies)

    @cached_property
    def box(self) -> SecretBox:
        """For secrets of second factors. Its key is read, or made, when it is first needed.
        Raises BadSetting."""
        return open_box(self.settings)

    @cached_property
    def links(self) -> Links:
        """Who reads the links of messages. Raises BadSetting."""
        return Links(link_key(self.settings), self.settings.address)

    @cached_property
    def sign_in(self) -> SignIn:
        """Who checks passwords and codes."""
        return SignIn(self.reader, self.box, self.passwords)


@dataclass(frozen=True)
class Visit:
    """A request to a page, with whoever makes it."""

    request: Request
    services: Services
    # the session that the browser's cookie opens
    found: Found | None = None
    form: Form = field(default_factory=Form)

    @property
    def reader(self) -> Reader:
        """Where everything is stored."""
        return self.services.reader

    @property
    def site(self) -> Site:
        """How browsers reach us."""
        return self.services.site

    @property
    def member(self) -> Member:
        """Who signed in. Raises Unauthorized for a guest."""
        return self._signed_in.member

    @property
    def session(self) -> Session:
        """Raises Unauthorized for a guest."""
        return self._signed_in.session

    @property
    def _signed_in(self) -> Found:
        if self.found is None:
            raise Unauthorized("sign in first")
        return self.found

    @cached_property
    def principal(self) -> Principal:
        """Who the request comes from, and what they may do. Raises Unauthorized for a guest."""
        return principal_of(self.member, self.session.id, self.address)

    @property
    def actor(self) -> Actor:
        """Who the audit log says it was. Raises Unauthorized for a guest."""
        return Actor(self.principal.name, self.address)

    @property
    def address(self) -> str:
        """The client's, as far as trusted proxies tell; empty where there is none."""
        return address_of(self.request, self.services.addresses)

    @property
    def user_agent(self) -> str:
        """The browser, as it calls itself."""
        return self.request.headers.get("user-agent", "")

    @property
    def words(self) -> Mapping[str, str]:
        """The page's words in the visitor's language."""
        return LANGUAGES[self.language]

    @cached_property
    def language(self) -> str:
        """What the member chose, else what the browser asks for."""
        chosen = self.found.member.language if self.found else None
        asked = self.request.headers.get("accept-language", "")
        return chosen if chosen is not None and chosen in LANGUAGES else pick_language(asked)

    @cached_property
    def form_secret(self) -> str:
        """From which the browser's form tokens are made; a new one if it has none."""
        sent = self.request.cookies.get(self.site.cookie(FORM_COOKIE), "")
        return sent if 0 < len(sent) <= _MAX_SECRET else new_secret()

    @property
    def session_name(self) -> str:
        """What form tokens are bound to."""
        return str(self.found.session.id) if self.found else "guest"

    def page(self, template: str, values: dict[str, Any], status: int = 200) -> Response:
        """A page for the visitor."""
        done = self.request.query_params.get("done")
        frame = Frame(
            language=self.language,
            token=token_for(self.form_secret, self.session_name),
            path=self.request.url.path,
            principal=self.principal if self.found else None,
            done=done if done in _DONE else None,
            undo=self.request.query_params.get("undo", "") if done in _DONE else "",
            here=self._here,
            theme=theme_of(self.request),
        )
        return render(frame, template, values, status)

    @property
    def _here(self) -> str:
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    def secret(self, name: str, about: str, secret: str, back: str) -> Response:
        """A page that shows a secret, once; `name` is that of its words, `back` a path of ours."""
        values = {"name": name, "about": about, "secret": secret, "back": back}
        return self.page("secret.html", values)

    def message(self, name: str, status: int, headers: dict[str, str] | None = None) -> Response:
        """A page that says one thing; `name` is that of its words."""
        response = self.page("message.html", {"name": name}, status)
        response.headers.update(headers or {})
        return response

    def go(self, path: str) -> Response:
        """After a change: to a page of ours, which can be reloaded."""
        return RedirectResponse(path, 303, {"Cache-Control": "no-store"})

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The query's parameters, without what says what was just done."""
        pairs = self.request.query_params.multi_items()
        return [(name, value) for name, value in pairs if name not in {"done", "undo"}]

    def next_page(self, cursor: str | None) -> str | None:
        """The same list from a cursor on; None where it ends."""
        if cursor is None:
            return None
        kept = [(name, value) for name, value in self.asked if value and name != "cursor"]
        return f"{self.request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"

    def keep_form_secret(self, response: Response) -> None:
        """Give the browser its form cookie if it has none."""
        name = self.site.cookie(FORM_COOKIE)
        if self.request.cookies.get(name) != self.form_secret:
            self._set_cookie(response, name, self.form_secret, None)

    def keep_session(self, response: Response, secret: str) -> None:
        """Give the browser a session's secret."""
        lifetime = int(sessions.ABSOLUTE.total_seconds())
        self._set_cookie(response, self.site.session_cookie, secret, lifetime)

    def drop_session(self, response: Response) -> None:
        """Take the session's secret from the browser."""
        self._set_cookie(response, self.site.session_cookie, "", 0)

    def _set_cookie(
        self, response: Response, name: str, value: str, lifetime_s: int | None
    ) -> None:
        # Lax: a link in an e-mail may open a page for who is signed in, a form may not be sent
        # from elsewhere.
        response.set_cookie(
            name, value, lifetime_s, secure=self.site.secure, httponly=True, samesite="lax"
        )


async def find_session(request: Request, services: Services) -> Found | None:
    """The session that a browser's cookie opens. Raises StoreUnavailable."""
    secret = services.site.session(request)
    if not secret or len(secret) > _MAX_SECRET or not secret.isascii():
        return None
    async with services.reader.connection() as connection:
        return await sessions.find(connection, secret)


def own_path(text: str) -> str:
    """Where to go after signing in: a path of this server, else the first page.

    Browsers read a backslash as a slash and leave out control characters, so that neither may be
    in it: `/\\evil.example` and `/<tab>/evil.example` lead elsewhere.
    """
    safe = text.isascii() and text.isprintable() and "\\" not in text
    if not safe or len(text) > _MAX_NEXT or not text.startswith("/") or text.startswith("//"):
        return "/"
    address = urlsplit(text)
    return "/" if address.scheme or address.netloc else text
