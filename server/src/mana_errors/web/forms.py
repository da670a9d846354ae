"""Forms: reading what browsers send, and the token that only our own pages can put in."""

import hmac
import secrets
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from mana_errors.errors import BadRequest, TooLarge, UnsupportedMedia

# The largest, an app's settings, has six lists of a hundred patterns; few fill a tenth of them.
MAX_BYTES: Final = 64 * 1024
# The largest has some thirty fields, and a box for each app that a member may see.
MAX_FIELDS: Final = 1_100
TOKEN_FIELD: Final = "form_token"  # noqa: S105 - a name
_MEDIA: Final = "application/x-www-form-urlencoded"
_SECRET_BYTES: Final = 32
_DIGEST_BYTES: Final = 32


class Form:
    """Fields of a form, as texts."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str:
        """A field's text without space around it; empty if it was not sent."""
        return self.exact(name).strip()

    def exact(self, name: str) -> str:
        """A field's text as it was typed: passwords may end in a space."""
        return self._values.get(name, [""])[0]

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field: ticked boxes."""
        return tuple(self._values.get(name, ()))

    def lines(self, name: str) -> tuple[str, ...]:
        """A field's lines that say something."""
        return tuple(line for part in self.exact(name).splitlines() if (line := part.strip()))

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return name in self._values


async def read_form(request: Request) -> Form:
    """Raises UnsupportedMedia, TooLarge, BadRequest."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _MEDIA:
        raise UnsupportedMedia(f"send {_MEDIA}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge(f"the form is larger than {MAX_BYTES} bytes")
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadRequest("the form cannot be read") from error
    if any("\0" in part for pair in pairs for part in pair):
        raise BadRequest("a field holds a NUL character")
    return Form(pairs)


def new_secret() -> str:
    """For the cookie from which a browser's tokens are made."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def token_for(secret: str, session: str) -> str:
    """The token of a browser's forms. It is made from its own cookie and, once somebody signed
    in, from the session: another's cookie or another's session makes another token. It looks
    different on every page: pages are compressed, and whoever can put text into one must not learn
    from its size what else is in it (BREACH)."""
    pad = secrets.token_bytes(_DIGEST_BYTES)
    return (pad + _xor(pad, _digest(secret, session))).hex()


def is_token(text: str, secret: str, session: str) -> bool:
    """Whether a form's token is the browser's own."""
    try:
        sent = bytes.fromhex(text)
    except ValueError:
        return False
    pad, masked = sent[:_DIGEST_BYTES], sent[_DIGEST_BYTES:]
    return len(sent) == 2 * _DIGEST_BYTES and hmac.compare_digest(
        _xor(pad, masked), _digest(secret, session)
    )


def _digest(secret: str, session: str) -> bytes:
    return hmac.digest(secret.encode(), session.encode(), "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
