"""Who asks: a bearer token, or a member's session cookie.

`read` reads, `triage` changes issues, `admin` does both. Scopes do not imply one another else: a
script that closes issues need not be able to read everybody's data.

Browsers add a cookie to requests that other sites cause; so a session counts only under our own
names, and changes need proof that a page of ours sent them. A token proves itself: no browser adds
it.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from mana_errors.errors import Forbidden, Unauthorized
from mana_errors.ingest.address import Addresses
from mana_errors.model.member import principal_of
from mana_errors.model.principal import Principal
from mana_errors.store import sessions, tokens
from mana_errors.store.reader import Reader
from mana_errors.store.tokens import Token
from mana_errors.web.guard import SESSION_COOKIE, Site, address_of

V = TypeVar("V")

# How long a revoked token goes on working; a page's requests share one look-up.
CACHE_S: Final = 5.0
# Tokens at work at once; a flood of invented ones only pushes out cached answers.
CACHE_ENTRIES: Final = 1000
# last_used_at need not be finer than people look.
USED_S: Final = 60.0
# Ours have 48 characters; a longer one is not looked up. Sessions' have 43.
MAX_SECRET_LENGTH: Final = 200
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

# Who calls what is public.
NOBODY: Final = Principal("nobody", frozenset(), apps=frozenset())
# Who calls, from this machine, what is open there.
LOCAL: Final = Principal("local", frozenset({"read"}), apps=None)


class Admission(NamedTuple):
    """Who asks; and what their browser must be told."""

    principal: Principal
    # the session's new secret; None: it keeps its own
    fresh: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    token: Token | None
    until: float


class Authorizer:
    """Finds out who asks, with a short memory for tokens and none for sessions: what is changed
    about a member acts at once."""

    def __init__(self, reader: Reader, site: Site, addresses: Addresses) -> None:
        self._site = site
        self._addresses = addresses
        self._reader = reader
        self._known: dict[bytes, _Known] = {}
        # when each token's use was last written down
        self._noted: dict[bytes, float] = {}

    async def admit(self, request: Request) -> Admission:
        """Raises Unauthorized, Forbidden for what another site may have sent, StoreUnavailable."""
        if "authorization" in request.headers:
            return Admission(await self._bearer(request))
        secret = self._site.session(request)
        if secret:
            return await self._session(request, secret)
        raise Unauthorized("send a token: Authorization: Bearer <token>")

    def keep(self, response: Response, secret: str) -> None:
        """Give the browser its session's new secret."""
        name = self._site.cookie(SESSION_COOKIE)
        lifetime_s = int(sessions.ABSOLUTE.total_seconds())
        response.set_cookie(
            name, secret, lifetime_s, secure=self._site.secure, httponly=True, samesite="lax"
        )

    async def _session(self, request: Request, secret: str) -> Admission:
        self._must_be_ours(request)
        found = None
        if _may_be_ours(secret):
            async with self._reader.connection() as connection:
                found = await sessions.find(connection, secret)
        if found is None:
            raise Unauthorized("the session is over: sign in again")
        principal = principal_of(found.member, found.session.id, self._address(request))
        return Admission(principal, found.fresh)

    def _must_be_ours(self, request: Request) -> None:
        if not self._site.knows_host(request):
            raise Forbidden("the Host is no name of this server: see MANA_ERRORS_ALLOWED_HOSTS")
        if request.method in _SAFE_METHODS:
            return
        proven = "sec-fetch-site" in request.headers or "origin" in request.headers
        if not (proven and self._site.from_own_page(request)):
            raise Forbidden("with a session, changes must come from a page of this server")

    async def _bearer(self, request: Request) -> Principal:
        scheme, _, text = request.headers["authorization"].partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Unauthorized("send a token: Authorization: Bearer <token>")
        token = await self._find(text.strip())
        if token is None:
            raise Unauthorized("the token is unknown, expired or revoked")
        name, address = f"token:{token.name}", self._address(request)
        return Principal(name, token.scopes, token.apps, address=address)

    def _address(self, request: Request) -> str:
        return address_of(request, self._addresses)

    async def _find(self, text: str) -> Token | None:
        if not _may_be_ours(text):
            return None
        key = sha256(text.encode()).digest()
        known = self._known.get(key)
        now = time.monotonic()
        if known is None or known.until < now:
            known = _Known(await self._look_up(text, key, now), now + CACHE_S)
            _remember(self._known, key, known)
        return known.token

    async def _look_up(self, text: str, key: bytes, now: float) -> Token | None:
        async with self._reader.connection() as connection:
            token = await tokens.find(connection, text)
            if token is not None and now - self._noted.get(key, -USED_S) >= USED_S:
                await tokens.used(connection, token)
                _remember(self._noted, key, now)
            return token


def _may_be_ours(secret: str) -> bool:
    return len(secret) <= MAX_SECRET_LENGTH and secret.isascii()


def _remember(cache: dict[bytes, V], key: bytes, value: V) -> None:
    cache.pop(key, None)
    if len(cache) >= CACHE_ENTRIES:
        del cache[next(iter(cache))]
    cache[key] = value
