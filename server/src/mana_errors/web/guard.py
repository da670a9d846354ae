"""Who may see pages while there is no sign-in: whoever sits at this machine, nobody else.

Errors hold people's data. A request counts as local when its peer is a loopback address, no proxy
says that it speaks for another (a reverse proxy on this machine has a loopback address too), and
its Host is a name of this machine (a hostile site can point its own name here: DNS rebinding).
"""

from ipaddress import ip_address
from typing import Final

from starlette.requests import Request

_PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine, as far as can be told."""
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


def _name(host: str) -> str:
    """Host header without port, in lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
