"""One bearer token: signature and claims. Imported only where a setting asks for it."""

import asyncio
import logging
import traceback
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Final

import jwt
import msgspec

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.ingest.jwks import KeySet, VerifyingKey
from mana_errors.ingest.verdict import Proof, Verdict
from mana_errors.logs import Limited

# Clocks of two servers of one family.
LEEWAY_S: Final = 30
# As long as the contract's userId.
MAX_USER: Final = 100
# Algorithms of the shared secret, and the bytes that it must have for each: RFC 7518, section 3.2.
SHARED_ALGORITHMS: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
# An expiry beyond every calendar would not fit into a time; the year 9999 does.
_MAX_EXPIRES: Final = 253_402_300_799

# The first that fits counts: several of PyJWT's errors are special cases of others.
_PROOFS: Final = (
    (jwt.ExpiredSignatureError, Proof.EXPIRED),
    (jwt.ImmatureSignatureError, Proof.IMMATURE),
    (jwt.InvalidIssuerError, Proof.WRONG_ISSUER),
    (jwt.InvalidAudienceError, Proof.WRONG_AUDIENCE),
    (jwt.InvalidSignatureError, Proof.BAD_SIGNATURE),
    (jwt.InvalidAlgorithmError, Proof.WRONG_ALGORITHM),
    (jwt.InvalidKeyError, Proof.WRONG_ALGORITHM),
)
_log: Final = Limited(logging.getLogger(__name__))


class _Header(msgspec.Struct, frozen=True):
    """What of a token's head decides which key is asked."""

    alg: str
    kid: str | None = None
    # extensions that a reader must know; we know none
    crit: msgspec.Raw | None = None


class _Claims(msgspec.Struct, frozen=True):
    """What of a verified token is used. A token without an end is no user's."""

    sub: str
    exp: float


_WRONG_ALGORITHM: Final = Verdict(Proof.WRONG_ALGORITHM)
_header: Final = msgspec.json.Decoder(_Header)


class Verifier:
    """Verifies tokens by the key set, or by the shared secret."""

    def __init__(self, settings: Settings) -> None:
        self._keys = KeySet(settings.jwks_url) if settings.jwks_url else None
        self._secret = settings.jwt_secret.encode()
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None

    async def run(self, stopping: asyncio.Event, on_change: Callable[[], None]) -> None:
        """Keep the key set fresh until told to stop."""
        if self._keys is not None:
            await self._keys.run(stopping, on_change)

    def verify(self, token: bytes) -> Verdict:
        """What the token proves. Never raises."""
        try:
            return self._verify(token)
        except jwt.PyJWTError as error:
            return Verdict(_proof(error))
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            return Verdict(Proof.MALFORMED)
        except Exception as error:  # noqa: BLE001 - whatever a stranger made a library raise
            meters.unexpected.labels("bearer").inc()
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.warning("token not read", exception_type=type(error).__name__, where=where)
            return Verdict(Proof.MALFORMED)

    def _verify(self, token: bytes) -> Verdict:
        head = token.partition(b".")[0]
        header = _header.decode(urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
        if header.crit is not None:
            return Verdict(Proof.MALFORMED)
        key = self._key(header)
        return key if isinstance(key, Verdict) else self._check(token, key, header.alg)

    def _key(self, header: _Header) -> VerifyingKey | bytes | Verdict:
        """By the algorithm: HMAC is for the secret alone, so a public key is never one."""
        if (needed := SHARED_ALGORITHMS.get(header.alg)) is not None:
            return self._secret if len(self._secret) >= needed else _WRONG_ALGORITHM
        if self._keys is None:
            return _WRONG_ALGORITHM
        found = self._keys.find(header.kid, header.alg)
        return Verdict(found) if isinstance(found, Proof) else found

    def _check(self, token: bytes, key: VerifyingKey | bytes, algorithm: str) -> Verdict:
        payload = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=self._issuer,
            audience=self._audience,
            leeway=LEEWAY_S,
            options={"verify_aud": self._audience is not None},
        )
        claims = msgspec.convert(payload, _Claims, strict=False)
        if not _is_user(claims.sub):
            return Verdict(Proof.MALFORMED)
        return Verdict(Proof.VERIFIED, claims.sub, min(claims.exp, _MAX_EXPIRES) + LEEWAY_S)


def _proof(error: jwt.PyJWTError) -> Proof:
    return next((proof for kind, proof in _PROOFS if isinstance(error, kind)), Proof.MALFORMED)


def _is_user(sub: str) -> bool:
    """Whether it can be stored as a user id. Raises ValueError for a lone surrogate."""
    sub.encode()
    return 0 < len(sub) <= MAX_USER and "\0" not in sub
