"""Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, 6 digits and 30 seconds, which every
such app knows."""

import base64
import hmac
import secrets
import time
from typing import Final
from urllib.parse import quote, urlencode

STEP_S: Final = 30
DIGITS: Final = 6
# Steps by which a phone's clock may be off, to each side.
DRIFT: Final = 1
# As long as the hash (RFC 4226, section 4).
SECRET_BYTES: Final = 20
ISSUER: Final = "Mana Errors"


def new_secret() -> bytes:
    """A secret for one member."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """The code of one time step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, now: float | None = None) -> int | None:
    """The time step that a code belongs to, among those of about now; spaces do not count."""
    given = "".join(code.split()).encode()
    current = int(time.time() if now is None else now) // STEP_S
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        # all of them, so that the time tells nothing
        if hmac.compare_digest(code_at(secret, step).encode(), given):
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """As people type it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri_of(secret: bytes, email: str) -> str:
    """As an app reads it from a QR code."""
    label = quote(f"{ISSUER}:{email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret_text(secret), 'issuer': ISSUER})}"
