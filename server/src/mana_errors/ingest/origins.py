"""Which web pages may report to an app: the Origin header against the app's allowed origins."""

from functools import lru_cache
from typing import Final

_ANY: Final = "*"
_SUBDOMAINS: Final = "://*."
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")
# Pages that report at one time; an Origin is one of few strings.
_REMEMBERED: Final = 4096
# No honest origin is longer: a scheme, a name of 253 characters, a port.
MAX_ORIGIN_BYTES: Final = 300

HeaderList = list[tuple[bytes, bytes]]

_EXPOSE: Final = (
    b"access-control-expose-headers",
    b"retry-after, x-sentry-error, x-sentry-rate-limits",
)
ANY_ORIGIN: Final[HeaderList] = [(b"access-control-allow-origin", b"*"), _EXPOSE]
NO_ORIGIN: Final[HeaderList] = [(b"vary", b"origin")]


def cors_headers(origin: bytes | None, allowed: tuple[str, ...]) -> HeaderList:
    """Headers that let a page of an allowed origin read the answer."""
    if _ANY in allowed:
        return ANY_ORIGIN
    if origin is None or not is_allowed(origin, allowed):
        return NO_ORIGIN
    return _echo(origin)


def is_allowed(origin: bytes, allowed: tuple[str, ...]) -> bool:
    """Whether pages of this origin may report. Patterns are as AppSettings says."""
    if _ANY in allowed:
        return True
    return len(origin) <= MAX_ORIGIN_BYTES and _matches(origin, allowed)


@lru_cache(_REMEMBERED)
def _matches(origin: bytes, allowed: tuple[str, ...]) -> bool:
    text = origin.decode("latin-1").lower()
    return any(_match(text, pattern.lower()) for pattern in allowed)


def _match(origin: str, pattern: str) -> bool:
    scheme, wildcard, domain = pattern.partition(_SUBDOMAINS)
    if not wildcard:
        return origin == pattern
    beginning, end = f"{scheme}://", f".{domain}"
    if not (origin.startswith(beginning) and origin.endswith(end)):
        return False
    name = origin[len(beginning) : -len(end)]
    return bool(name) and _NAME.issuperset(name)


@lru_cache(_REMEMBERED)
def _echo(origin: bytes) -> HeaderList:
    return [(b"access-control-allow-origin", origin), (b"vary", b"origin"), _EXPOSE]
