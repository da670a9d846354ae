"""An auth service for tests: real keys, real tokens, and a key set behind a real HTTP server."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://auth.example"
AUDIENCE = "errors"


class SigningKey:
    """A private key with an id."""

    def __init__(self, algorithm: str = "EdDSA", bits: int = 2048) -> None:
        self.kid = uuid4().hex
        self.algorithm = algorithm
        if algorithm == "EdDSA":
            self.private: Any = ed25519.Ed25519PrivateKey.generate()
        elif algorithm.startswith("RS"):
            self.private = rsa.generate_private_key(65537, bits)
        else:
            curve = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
            self.private = ec.generate_private_key(curve[algorithm]())

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Its public half, as published."""
        kind = {"EdDSA": OKPAlgorithm, "RS": RSAAlgorithm, "ES": ECAlgorithm}
        to_jwk = (kind.get(self.algorithm) or kind[self.algorithm[:2]]).to_jwk
        public = to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        named = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        return {k: v for k, v in {**public, **named, **changes}.items() if v is not None}

    def token(self, *, headers: dict[str, Any] | None = None, **changes: Any) -> bytes:
        """A token signed with it; None removes a claim."""
        head = {"kid": self.kid} | (headers or {})
        return jwt.encode(
            claims(**changes),
            self.private,
            self.algorithm,
            {k: v for k, v in head.items() if v is not None},
        ).encode()


def claims(**changes: Any) -> dict[str, Any]:
    """What the family's auth service says of a user; None removes a claim."""
    base = {
        "sub": "user_123", "email": "a@example.org", "role": "user", "sid": "s", "tier": "free",
        "exp": int(time.time()) + 3600, "iss": ISSUER, "aud": AUDIENCE,
    }  # fmt: skip
    return {name: value for name, value in (base | changes).items() if value is not None}


def authorization(token: bytes) -> bytes:
    """The header's value."""
    return b"Bearer " + token


class KeyServer:
    """Serves a key set, and what else may be served in its place."""

    def __init__(self, address: str) -> None:
        self.url = f"{address}/jwks"
        self.keys: list[dict[str, Any]] = []
        self.requests = 0
        # instead of the keys: writes an answer
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """The key set, or what stands in its place."""
        self.requests += 1
        if self.instead is not None:
            self.instead(request)
            return
        send(request, 200, json.dumps({"keys": self.keys}).encode())


def send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """One whole answer."""
    request.send_response(status)
    for name, value in {"content-length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """A running one, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = KeyServer(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
