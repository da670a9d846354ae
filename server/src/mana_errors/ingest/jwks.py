"""The issuer's public keys (RFC 7517): fetched beside the requests, kept while it is away."""

import asyncio
import contextlib
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Final
from urllib.parse import urlsplit

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mana_errors import meters
from mana_errors.ingest.verdict import Proof
from mana_errors.logs import Limited

VerifyingKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

# For the connection, for each answer to a read, and for the whole body.
TIMEOUT_S: Final = 5.0
# Hundreds of keys.
MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 100
REFRESH_S: Final = 600.0
# An unknown key's id may be a new key or a stranger's invention: asked for this seldom.
LEAST_S: Final = 30.0
# After failures: the issuer may start beside us, so at first soon.
RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, LEAST_S)
# An issuer that is away for a day leaves nobody anonymous; one that is gone is not believed
# for ever.
STALE_S: Final = 24 * 3600.0
# RSA below is broken, above is slow: a signature of 8,192 bits takes 0.3 ms.
RSA_BITS: Final = range(2048, 8192 + 1)

_ALGORITHMS: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("RSA", ""): frozenset({"RS256", "RS384", "RS512"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}
_log: Final = Limited(logging.getLogger(__name__), 60.0)


class KeysUnreadable(Exception):
    """What was fetched holds no key that we can use."""


class _Jwk(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key as published. A private part, published by mistake, is not read."""

    kty: str
    kid: str | None = None
    use: str = "sig"
    alg: str | None = None
    crv: str = ""
    x: str = ""
    y: str = ""
    n: str = ""
    e: str = ""


class _Document(msgspec.Struct, frozen=True):
    keys: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and what it may verify."""

    kid: str | None
    algorithms: frozenset[str]
    key: VerifyingKey


class KeySet:
    """The keys of one address."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._document: bytes | None = None
        self._keys: list[Key] = []
        self._loaded_at = 0.0
        self._missed = asyncio.Event()

    def find(self, kid: str | None, algorithm: str) -> VerifyingKey | Proof:
        """The key of that id, or the only one that fits where a token names none; or why not."""
        if not self._keys or self._clock() - self._loaded_at > STALE_S:
            return Proof.UNAVAILABLE
        named = [key for key in self._keys if kid is None or key.kid == kid]
        if not named:
            self._missed.set()
            return Proof.UNKNOWN_KEY
        fitting = [key.key for key in named if algorithm in key.algorithms]
        if not fitting:
            return Proof.WRONG_ALGORITHM
        return fitting[0] if len(fitting) == 1 or kid is not None else Proof.UNKNOWN_KEY

    async def run(self, stopping: asyncio.Event, on_change: Callable[[], None]) -> None:
        """Fetch now and again until told to stop; calls on_change when the keys are others."""
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(self._keep(on_change))
            await stopping.wait()
            # a request under way may take seconds: its thread ends by itself
            keeping.cancel()

    async def _keep(self, on_change: Callable[[], None]) -> None:
        failures = 0
        while True:
            if await self._load(on_change):
                failures = 0
                await asyncio.sleep(LEAST_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._missed.wait(), REFRESH_S - LEAST_S)
                self._missed.clear()
            else:
                await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1

    async def _load(self, on_change: Callable[[], None]) -> bool:
        try:
            document = await asyncio.to_thread(fetch, self._url)
            keys = self._keys if document == self._document else parse_keys(document)
        except (OSError, HTTPException, ValueError, KeysUnreadable) as error:
            _log.warning("key set not fetched; known keys stay", reason=str(error)[:200])
            return False
        except Exception as error:  # noqa: BLE001 - whatever comes costs keys, and no report
            meters.unexpected.labels("jwks").inc()
            _log.warning("key set not read", exception_type=type(error).__name__)
            return False
        self._loaded_at = self._clock()
        if document != self._document:
            self._document, self._keys = document, keys
            on_change()
        return True


def parse_keys(document: bytes) -> list[Key]:
    """The usable keys. Raises KeysUnreadable when there is none.

    Keys for other purposes, or of kinds that we do not know, cost only themselves.
    """
    try:
        published = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.MsgspecError, RecursionError) as error:
        raise KeysUnreadable(f"no JWKS: {error}") from error
    keys = [key for raw in published[:MAX_KEYS] if (key := _key(raw)) is not None]
    if not keys:
        raise KeysUnreadable(f"none of its {len(published)} keys can be used")
    return keys


def _key(raw: msgspec.Raw) -> Key | None:
    with contextlib.suppress(msgspec.MsgspecError, jwt.PyJWTError, ValueError, TypeError):
        jwk = msgspec.json.decode(raw, type=_Jwk)
        algorithms = _ALGORITHMS.get((jwk.kty, jwk.crv), frozenset[str]())
        if jwk.alg is not None:
            algorithms &= {jwk.alg}
        if algorithms and jwk.use == "sig":
            key = jwt.PyJWK(msgspec.to_builtins(jwk), min(algorithms)).key
            if _is_usable(key):
                return Key(jwk.kid, algorithms, key)
    return None


def _is_usable(key: object) -> bool:
    return not isinstance(key, RSAPublicKey) or key.key_size in RSA_BITS


class _NoWeaker(urllib.request.HTTPRedirectHandler):
    """Goes where it is sent, but never from https to http, nor away from the web."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - the library's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The next request. Raises HTTPError for a weaker scheme."""
        if urlsplit(newurl).scheme not in {"https", req.type}:
            raise urllib.error.HTTPError(
                req.full_url, code, "redirect to a weaker scheme", headers, fp
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str) -> bytes:
    """The body at the address; waits. Raises OSError, HTTPException or ValueError."""
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 - settings take http and https alone
    deadline = time.monotonic() + TIMEOUT_S
    body = bytearray()
    with urllib.request.build_opener(_NoWeaker()).open(request, timeout=TIMEOUT_S) as answer:
        while chunk := answer.read1(MAX_BYTES):
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no whole answer within {TIMEOUT_S} s")
    return bytes(body)
