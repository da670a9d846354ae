"""Which address a request comes from: the peer's, or what a trusted proxy says in front of it."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# A provider gives a household or a server at least a /64, so addresses within one cost nothing.
IPV6_PREFIX_BITS: Final = 64
# Of X-Forwarded-For, its end: what is trusted is appended there, by few proxies.
MAX_FORWARDED_BYTES: Final = 512
# Clients at one time, roughly; parsing an address again costs 3 µs.
_REMEMBERED: Final = 8192


class Address(msgspec.Struct, frozen=True, gc=False):
    """A client's address."""

    # None where there is none: a Unix socket
    ip: Ip | None
    # what its requests are counted by; empty = not counted
    bucket: str


NO_ADDRESS: Final = Address(None, "")


class Addresses:
    """Finds the client of requests behind the proxies that this server trusts."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        """trusted_proxies: networks, as 10.0.0.0/8 or ::1/128."""
        self._trusted = tuple(ipaddress.ip_network(network) for network in trusted_proxies)
        self._peer = lru_cache(_REMEMBERED)(self._look_at_peer)
        self._client = lru_cache(_REMEMBERED)(self._look_behind)

    def of(self, host: str | None, forwarded: bytes | None) -> Address:
        """host: the connection's other end. forwarded: the X-Forwarded-For header.

        A program on this machine that no proxy speaks for has no bucket. What cannot be read, or
        comes from somebody who is not trusted, counts as not said.
        """
        if host is None:
            return NO_ADDRESS
        address, is_trusted = self._peer(host)
        if forwarded is None:
            return address
        if not is_trusted:
            return address if address.bucket else _address(address.ip)
        return self._client(host, forwarded[-MAX_FORWARDED_BYTES:])

    def _look_at_peer(self, host: str) -> tuple[Address, bool]:
        ip = _parse(host)
        if ip is None:
            return NO_ADDRESS, False
        address = Address(ip, "") if ip.is_loopback else _address(ip)
        return address, self._trusts(ip)

    def _look_behind(self, host: str, forwarded: bytes) -> Address:
        client = _parse(host)
        for part in reversed(forwarded.decode("latin-1").split(",")):
            said = _parse(_without_port(part.strip()))
            if said is None:
                break
            client = said
            if not self._trusts(said):
                break
        return _address(client)

    def _trusts(self, ip: Ip) -> bool:
        return any(ip in network for network in self._trusted)


def _address(ip: Ip | None) -> Address:
    if ip is None:
        return NO_ADDRESS
    if ip.version == 4:  # noqa: PLR2004
        return Address(ip, str(ip))
    network = ipaddress.ip_network((ip, IPV6_PREFIX_BITS), strict=False)
    return Address(ip, str(network))


def _parse(text: str) -> Ip | None:
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if ip.version == 6 else ip  # noqa: PLR2004


def _without_port(text: str) -> str:
    """Some proxies write 203.0.113.7:4711 or [2001:db8::1]:4711."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
