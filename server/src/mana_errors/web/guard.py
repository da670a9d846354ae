"""Which requests browsers may make: under our own names, and changes only from our own pages.

A hostile site can point a name of its own at this server (DNS rebinding) and can send forms to it
with the visitor's cookies (CSRF). Against the first, only known names are answered. Against the
second, cookies are SameSite, browsers tell where a request comes from, and every form carries a
token (forms.py) that no other site can know.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from mana_errors.config import Settings
from mana_errors.ingest.address import Addresses

_PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
SESSION_COOKIE: Final = "mana_session"
FORM_COOKIE: Final = "mana_form"
# Browsers take a cookie of this prefix only over https and from the host itself: neither a
# neighbour below the same domain nor someone on the line can plant one.
_HOST_PREFIX: Final = "__Host-"
# What Sec-Fetch-Site says of our own pages, and of what a person typed or reloads.
_OWN_SITES: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Site:
    """How browsers reach the server."""

    # no slash at its end; empty: whatever known name a browser uses
    public_url: str
    # lower case, without port
    names: frozenset[str]

    @property
    def secure(self) -> bool:
        """Whether browsers come over https, so that cookies may not travel otherwise."""
        return self.public_url.startswith("https://")

    def cookie(self, name: str) -> str:
        """A cookie's full name."""
        return f"{_HOST_PREFIX}{name}" if self.secure else name

    @property
    def session_cookie(self) -> str:
        """Full name of the session's cookie."""
        return self.cookie(SESSION_COOKIE)

    def session(self, request: HTTPConnection) -> str | None:
        """Secret of the session that a request carries."""
        return request.cookies.get(self.session_cookie)

    def knows_host(self, request: HTTPConnection) -> bool:
        """Whether the Host header names this server. Addresses always do: nobody rebinds them."""
        name = _name(request.headers.get("host", ""))
        return name in self.names or _is_address(name)

    def from_own_page(self, request: HTTPConnection) -> bool:
        """Whether a change was not sent by another site, as far as the browser tells. Programs
        tell nothing: they have no cookies of anybody else."""
        fetch_site = request.headers.get("sec-fetch-site")
        if fetch_site is not None and fetch_site not in _OWN_SITES:
            return False
        origin = request.headers.get("origin")
        return origin is None or self._is_own(origin, request.headers.get("host", ""))

    def _is_own(self, origin: str, host: str) -> bool:
        if origin == self.public_url:
            return True
        # A proxy that ends TLS hides the scheme from us, but not whom the browser asked.
        _, separator, named = origin.partition("://")
        return bool(separator) and named == host.lower() and not self.secure

    def address(self, request: HTTPConnection) -> str:
        """URL of the server for its own links: no slash at its end."""
        return self.public_url or str(request.base_url).rstrip("/")


def site_of(settings: Settings) -> Site:
    """The site that the settings describe."""
    public = urlsplit(settings.public_url).netloc
    given = {_name(host) for host in (public, *settings.allowed_hosts, settings.host) if host}
    return Site(settings.public_url, _OWN_NAMES | given)


def address_of(request: HTTPConnection, addresses: Addresses) -> str:
    """The client's, as far as trusted proxies tell; empty where there is none."""
    host = request.client.host if request.client else None
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    ip = addresses.of(host, forwarded.encode("latin-1") or None).ip
    return str(ip or "")


def is_local(request: HTTPConnection) -> bool:
    """Whether a request comes from this machine, as far as can be told.

    Its peer is a loopback address, no proxy says that it speaks for another (one on this machine
    has a loopback address too), and its Host is a name of this machine.
    """
    return (
        _is_loopback(request.client.host if request.client else "")
        and not any(name in request.headers for name in _PROXY_HEADERS)
        and _name(request.headers.get("host", "")) in _OWN_NAMES
    )


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    """Host header without port, in lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
