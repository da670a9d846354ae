"""Bearer tokens verified by a key set that a real HTTP server publishes."""

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm, OKPAlgorithm
from jwt.utils import base64url_encode

from issuer import AUDIENCE, ISSUER, KeyServer, SigningKey, authorization, claims, key_server, send
from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.ingest import jwks
from mana_errors.ingest.bearer import Bearer
from mana_errors.ingest.jwks import MAX_BYTES, MAX_KEYS, KeysUnreadable, parse_keys
from mana_errors.ingest.verdict import Proof

PATIENCE_S = 30.0
USER = "user_123"


@pytest.fixture
def served() -> Iterator[KeyServer]:
    """An auth service's key server."""
    with key_server() as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits half a minute for the next request."""
    monkeypatch.setattr(jwks, "LEAST_S", 0.05)
    monkeypatch.setattr(jwks, "RETRY_S", (0.05,))


@asynccontextmanager
async def reading(served: KeyServer, **settings: Any) -> AsyncIterator[Bearer]:
    """A reader whose key set is fetched beside."""
    bearer = Bearer(
        Settings(jwks_url=served.url, jwt_issuer=ISSUER, jwt_audience=AUDIENCE, **settings)
    )
    stopping = asyncio.Event()
    running = asyncio.create_task(bearer.run(stopping))
    try:
        yield bearer
    finally:
        stopping.set()
        await asyncio.wait_for(running, PATIENCE_S)


async def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        await asyncio.sleep(0.01)


async def loaded(bearer: Bearer) -> None:
    """Wait for the first key set."""
    assert bearer._verifier is not None
    keys = bearer._verifier._keys
    assert keys is not None
    await until(lambda: keys._keys, "keys")


def proof(bearer: Bearer, token: bytes) -> Proof:
    """What is counted for a token."""
    before = {proof: tally._untold for proof, tally in bearer._tallies.items()}
    user = bearer.user(authorization(token))
    counted = next(p for p, tally in bearer._tallies.items() if tally._untold != before[p])
    assert (user == USER) == (counted in {Proof.VERIFIED, Proof.CACHED})
    return counted


@pytest.mark.parametrize(
    "algorithm", ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
)
@pytest.mark.parametrize("named", [True, False])
async def test_every_algorithm_is_verified(
    served: KeyServer,
    algorithm: str,
    named: bool,  # noqa: FBT001
) -> None:
    """Whether or not the key says which algorithm it is for."""
    key, other = SigningKey(algorithm), SigningKey(algorithm)
    served.keys = [key.jwk(**({} if named else {"alg": None, "use": None}))]
    async with reading(served) as bearer:
        await loaded(bearer)
        assert proof(bearer, key.token()) is Proof.VERIFIED
        assert proof(bearer, key.token(exp=1)) is Proof.EXPIRED
        assert proof(bearer, key.token(aud="billing")) is Proof.WRONG_AUDIENCE
        assert proof(bearer, key.token(iss="https://evil.example")) is Proof.WRONG_ISSUER
        assert proof(bearer, other.token(headers={"kid": key.kid})) is Proof.BAD_SIGNATURE


async def test_one_of_several_keys_is_found_by_its_id(served: KeyServer) -> None:
    keys = [SigningKey(algorithm) for algorithm in ("EdDSA", "ES256", "ES256", "RS256")]
    served.keys = [key.jwk() for key in keys]
    async with reading(served) as bearer:
        await loaded(bearer)
        assert [proof(bearer, key.token()) for key in keys] == [Proof.VERIFIED] * 4
        without = [proof(bearer, key.token(headers={"kid": None})) for key in keys]
        # which of two keys it is cannot be told
        assert without == [Proof.VERIFIED, Proof.UNKNOWN_KEY, Proof.UNKNOWN_KEY, Proof.VERIFIED]
        assert proof(bearer, keys[1].token(headers={"kid": keys[0].kid})) is Proof.WRONG_ALGORITHM


def forged(key: SigningKey, secret: bytes) -> bytes:
    """HMAC with what everybody knows."""
    mac = HMACAlgorithm(HMACAlgorithm.SHA256)
    head = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
    signing = b".".join(base64url_encode(json.dumps(p).encode()) for p in (head, claims()))
    return signing + b"." + base64url_encode(mac.sign(signing, secret))


@pytest.mark.parametrize("secret", ["", "s" * 32])
async def test_a_public_key_is_no_shared_secret(served: KeyServer, secret: str) -> None:
    """Algorithm confusion, with every form of the key that an attacker could guess."""
    key = SigningKey("RS256")
    public = key.private.public_key()
    served.keys = [key.jwk()]
    forms = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.jwk()).encode(),
        b"",
    ]
    async with reading(served, jwt_secret=secret) as bearer:
        await loaded(bearer)
        for form in forms:
            assert proof(bearer, forged(key, form)) in {Proof.WRONG_ALGORITHM, Proof.BAD_SIGNATURE}
        unsigned = jwt.encode(claims(), None, "none", {"kid": key.kid}).encode()
        assert proof(bearer, unsigned) is Proof.WRONG_ALGORITHM


async def test_key_set_and_secret_work_side_by_side(served: KeyServer) -> None:
    key = SigningKey()
    served.keys = [key.jwk(), {"kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256"}]
    async with reading(served, jwt_secret="s" * 32) as bearer:
        await loaded(bearer)
        assert proof(bearer, key.token()) is Proof.VERIFIED
        assert proof(bearer, jwt.encode(claims(), "s" * 32).encode()) is Proof.VERIFIED
        published = jwt.encode(claims(sub="evil"), "secret" * 6, headers={"kid": "shared"}).encode()
        assert proof(bearer, published) is Proof.BAD_SIGNATURE


@pytest.mark.usefixtures("quick")
async def test_keys_may_be_rotated(served: KeyServer) -> None:
    """A new key is fetched when its first token comes; a withdrawn one proves nothing any more."""
    old, new = SigningKey(), SigningKey("ES256")
    served.keys = [old.jwk()]
    async with reading(served) as bearer:
        await loaded(bearer)
        token = old.token()
        assert [proof(bearer, token) for _ in range(2)] == [Proof.VERIFIED, Proof.CACHED]
        served.keys = [new.jwk()]
        assert proof(bearer, new.token()) is Proof.UNKNOWN_KEY
        await until(lambda: bearer.user(authorization(new.token())), "the new key")
        assert proof(bearer, token) is Proof.UNKNOWN_KEY
        # which makes one request more; without anything unknown there are none
        await until(lambda: served.requests > 2, "a last request")
        await asyncio.sleep(0.5)
        assert served.requests <= 4


async def test_strangers_cannot_make_us_ask_the_issuer(served: KeyServer) -> None:
    """Invented key ids cost one request in half a minute, not one each."""
    served.keys = [SigningKey().jwk()]
    async with reading(served) as bearer:
        await loaded(bearer)
        for _ in range(50):
            assert proof(bearer, SigningKey().token()) is Proof.UNKNOWN_KEY
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)
        assert served.requests == 1


@pytest.mark.usefixtures("quick")
async def test_known_keys_work_while_the_issuer_is_away_for_a_day(
    served: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SigningKey()
    served.keys = [key.jwk()]
    monkeypatch.setattr(jwks, "REFRESH_S", 0.05)
    async with reading(served) as bearer:
        await loaded(bearer)
        served.instead = lambda request: send(request, 500, b"down")
        asked = served.requests
        await until(lambda: served.requests > asked + 3, "failing requests")
        assert proof(bearer, key.token()) is Proof.VERIFIED
        assert bearer._verifier is not None
        keys = bearer._verifier._keys
        assert keys is not None
        keys._loaded_at -= jwks.STALE_S
        assert proof(bearer, key.token(sid="later")) is Proof.UNAVAILABLE
        served.instead = None
        # counts again within what a refused token is remembered for
        await until(lambda: bearer.user(authorization(key.token(sid="x"))), "a return")


@pytest.mark.usefixtures("quick")
async def test_an_issuer_may_start_after_us(served: KeyServer) -> None:
    """Tokens are anonymous until then, and a refused one is looked at again."""
    key = SigningKey()
    served.instead = lambda request: send(request, 503, b"")
    async with reading(served) as bearer:
        token = key.token()
        assert proof(bearer, token) is Proof.UNAVAILABLE
        await until(lambda: served.requests, "a request")
        served.keys, served.instead = [key.jwk()], None
        await until(lambda: bearer.user(authorization(token)), "its user")


def endless(request: BaseHTTPRequestHandler) -> None:
    """More than anybody reads."""
    request.send_response(200)
    request.end_headers()
    try:
        for _ in range(64):
            request.wfile.write(b" " * 65536)
    except OSError:
        return


def slow(request: BaseHTTPRequestHandler) -> None:
    """A byte now and then, never the last."""
    request.send_response(200)
    request.end_headers()
    try:
        for _ in range(200):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.02)
    except OSError:
        return


def silent(request: BaseHTTPRequestHandler) -> None:
    """Nothing at all, for as long as we wait."""
    request.connection.settimeout(PATIENCE_S)
    request.rfile.read(1)


def elsewhere(address: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A redirect."""
    return lambda request: send(request, 302, b"", location=address)


def whole(body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer with this body."""
    return lambda request: send(request, 200, body)


@pytest.mark.parametrize(
    "trouble",
    [
        endless, slow, silent, elsewhere("file:///etc/passwd"), elsewhere("https://127.0.0.1:1/"),
        elsewhere("ftp://127.0.0.1/"), elsewhere("data:,{}"), whole(b""), whole(b"{}"),
        whole(b"[" * 100_000), whole(b'{"keys": []}'), whole(b'{"keys": [1, {}, null]}'),
        whole(b"\xff"), lambda request: request.wfile.write(b"garbage\r\n\r\n"),
        lambda request: send(request, 200, b"{}", **{"content-length": "-5"}),
    ],
)  # fmt: skip
async def test_whatever_the_issuer_answers_costs_only_its_keys(
    served: KeyServer, trouble: Callable[[BaseHTTPRequestHandler], None],
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(jwks, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(jwks, "_log", jwks.Limited(jwks._log._log, 0.0))
    served.instead = trouble
    async with reading(served) as bearer:
        await until(lambda: caplog.records, "a warning")
        assert proof(bearer, SigningKey().token()) is Proof.UNAVAILABLE


async def test_stopping_does_not_wait_for_the_issuer(
    served: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool is closed behind it."""
    monkeypatch.setattr(jwks, "TIMEOUT_S", 10 * PATIENCE_S)
    done = threading.Event()
    served.instead = lambda _: (done.wait(10 * PATIENCE_S), None)[1]
    try:
        async with reading(served):
            await until(lambda: served.requests, "a request")
        assert not done.is_set()
    finally:
        done.set()


async def test_a_mistake_of_ours_costs_no_report(
    served: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker goes on, and the next attempt may do better."""
    key = SigningKey()
    served.keys = [key.jwk()]
    before = meters.unexpected.labels("jwks")._value.get()
    real, failures = jwks.parse_keys, [RuntimeError("ours")]

    def fails_once(document: bytes) -> list[jwks.Key]:
        if failures:
            raise failures.pop()
        return real(document)

    monkeypatch.setattr(jwks, "parse_keys", fails_once)
    async with reading(served) as bearer:
        await loaded(bearer)
        assert proof(bearer, key.token()) is Proof.VERIFIED
    assert meters.unexpected.labels("jwks")._value.get() == before + 1


async def test_an_address_where_nobody_listens(served: KeyServer) -> None:
    served.url = "http://127.0.0.1:1/jwks"
    async with reading(served) as bearer:
        assert proof(bearer, SigningKey().token()) is Proof.UNAVAILABLE


async def test_a_redirect_within_the_scheme_is_followed(served: KeyServer) -> None:
    key = SigningKey()
    served.keys = [key.jwk()]
    there = served.url.replace("/jwks", "/moved")

    def once(request: BaseHTTPRequestHandler) -> None:
        served.instead = None
        elsewhere(there)(request)

    served.instead = once
    async with reading(served) as bearer:
        await loaded(bearer)
        assert proof(bearer, key.token()) is Proof.VERIFIED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://a.example/", "http://a.example/"),
        ("https://a.example/", "ftp://a.example/"),
        ("http://a.example/", "ftp://a.example/"),
    ],
)
def test_no_redirect_leads_to_a_weaker_scheme(old: str, new: str) -> None:
    handler, request = jwks._NoWeaker(), urllib.request.Request(old)
    with pytest.raises(urllib.error.HTTPError, match="weaker") as caught:
        handler.redirect_request(request, BytesIO(), 302, "Found", HTTPMessage(), new)
    caught.value.close()
    better = old.replace("http:", "https:")
    assert handler.redirect_request(request, BytesIO(), 302, "Found", HTTPMessage(), better)


def document(*keys: object) -> bytes:
    """A key set."""
    return json.dumps({"keys": keys}).encode()


def test_unusable_keys_cost_only_themselves() -> None:
    good = SigningKey("RS256")
    bad = [
        good.jwk(use="enc"), good.jwk(alg="RS1"), good.jwk(alg="HS256"), good.jwk(n="!"),
        good.jwk(kty="oct", k="c2VjcmV0"), good.jwk(kty="EC"), good.jwk(kid=7), good.jwk(n=""),
        good.jwk(e="AA"), SigningKey("RS256", 1024).jwk(), SigningKey("ES256").jwk(crv="P-384"),
        SigningKey("ES256").jwk(x="AAAA"), SigningKey().jwk(x="AAAA"),
        SigningKey().jwk(crv="X25519"), 7, None, [], "key",
    ]  # fmt: skip
    for key in bad:
        with pytest.raises(KeysUnreadable):
            parse_keys(document(key))
    found = parse_keys(document(*bad, good.jwk(d="AQAB")))
    assert [(key.kid, key.algorithms) for key in found] == [(good.kid, {"RS256"})]


def test_a_private_key_that_is_published_is_read_as_a_public_one() -> None:
    key = SigningKey()
    private = OKPAlgorithm.to_jwk(key.private, as_dict=True)
    found = parse_keys(document({**private, "key_ops": ["sign"]}))[0]
    assert not hasattr(found.key, "private_bytes")


def test_the_number_of_keys_is_bounded() -> None:
    keys = [SigningKey().jwk() for _ in range(MAX_KEYS + 5)]
    assert len(parse_keys(document(*keys))) == MAX_KEYS


def test_a_body_at_the_limit_is_read(served: KeyServer) -> None:
    body = document(SigningKey().jwk()).ljust(MAX_BYTES)
    served.instead = whole(body)
    assert jwks.fetch(served.url) == body
    served.instead = whole(body + b" ")
    with pytest.raises(ValueError, match="more than"):
        jwks.fetch(served.url)
