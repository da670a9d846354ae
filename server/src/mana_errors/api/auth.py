"""Who may call what: tokens and their scopes.

`read` reads, `triage` changes issues, `admin` does both. Scopes do not imply one another else: a
script that closes issues need not be able to read everybody's data.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from starlette.datastructures import Headers

from mana_errors.errors import Forbidden, Unauthorized
from mana_errors.model.principal import Scope
from mana_errors.store import tokens
from mana_errors.store.reader import Reader
from mana_errors.store.tokens import Token

V = TypeVar("V")

# How long a revoked token goes on working; a page's requests share one look-up.
CACHE_S: Final = 5.0
# Tokens at work at once; a flood of invented ones only pushes out cached answers.
CACHE_ENTRIES: Final = 1000
# last_used_at need not be finer than people look.
USED_S: Final = 60.0
# Ours have 48 characters; a longer one is not looked up.
MAX_TOKEN_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class _Known:
    token: Token | None
    until: float


class Authorizer:
    """Checks bearer tokens, with a short memory."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[bytes, _Known] = {}
        # when each token's use was last written down
        self._noted: dict[bytes, float] = {}

    async def require(self, headers: Headers, scope: Scope) -> None:
        """Raises Unauthorized, Forbidden naming the scope, StoreUnavailable."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Unauthorized("send a token: Authorization: Bearer <token>")
        token = await self._find(text.strip())
        if token is None:
            raise Unauthorized("the token is unknown, expired or revoked")
        if scope not in token.scopes and "admin" not in token.scopes:
            raise Forbidden(f"the token {token.name!r} lacks the scope {scope!r}")

    async def _find(self, text: str) -> Token | None:
        if len(text) > MAX_TOKEN_LENGTH or not text.isascii():
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


def _remember(cache: dict[bytes, V], key: bytes, value: V) -> None:
    cache.pop(key, None)
    if len(cache) >= CACHE_ENTRIES:
        del cache[next(iter(cache))]
    cache[key] = value
