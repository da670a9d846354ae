"""The key of a request: in the query, in a header, or in a DSN."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec

from mana_errors.errors import Forbidden

# Keys are 32 digits; a DSN with host and path is longer.
MAX_KEY: Final = 64
MAX_DSN: Final = 1000

_QUERY_KEYS: Final = frozenset({b"sentry_key", b"glitchtip_key"})
_PAIR: Final = re.compile(rb"(?:sentry|glitchtip)_key\s*=\s*\"?([^\s,\"]{0,100})")
_SCHEME: Final = re.compile(rb"\s*sentry[\s,]", re.IGNORECASE)


class Dsn(msgspec.Struct, frozen=True):
    """An app's Sentry-style address."""

    key: str
    # the app's, as it stands there
    number: str


def key_in(headers: dict[bytes, bytes], query: bytes) -> str | None:
    """The key that a request's head names. Raises Forbidden when two differ."""
    said = {key for key in (*_in_query(query), *_in_headers(headers)) if key}
    if len(said) > 1:
        raise Forbidden("conflicting keys: query, X-Sentry-Auth and Authorization differ")
    return said.pop() if said else None


def dsn_parts(text: str) -> Dsn | None:
    """Key and number of a DSN; None if it is none."""
    if len(text) > MAX_DSN:
        return None
    try:
        url = urlsplit(text)
        key = url.username
    except ValueError:
        return None
    number = url.path.rstrip("/").rpartition("/")[2]
    return Dsn(key[:MAX_KEY], number) if key else None


def _in_query(query: bytes) -> list[str]:
    if b"_key=" not in query:
        return []
    pairs = (part.partition(b"=") for part in query.split(b"&"))
    return [_text(unquote_to_bytes(value)) for name, _, value in pairs if name in _QUERY_KEYS]


def _in_headers(headers: dict[bytes, bytes]) -> list[str]:
    said: list[str] = []
    if (header := headers.get(b"x-sentry-auth")) and (match := _PAIR.search(header)):
        said.append(_text(match[1]))
    header = headers.get(b"authorization")
    if header and _SCHEME.match(header) and (match := _PAIR.search(header)):
        said.append(_text(match[1]))
    return said


def _text(value: bytes) -> str:
    return value[:MAX_KEY].decode("latin-1").strip()
