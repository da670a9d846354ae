"""Which addresses alerts may be sent to: public ones, and the networks that the operator allows.

A channel's address is typed by a person, and its name can point anywhere: at this machine, at a
neighbour, at the cloud's metadata service. So the address that is really connected to is checked.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

# IANA's registries of special-purpose addresses; 168.63.129.16 is Azure's own for its machines.
_NOT_PUBLIC: Final = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32"),
        # Teredo and its like, documentation, 6to4
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
# What is assigned of IPv6 for all the world; the rest is local, multicast or nothing.
_GLOBAL_V6: Final = IPv6Network("2000::/3")
# An IPv6-only network's way to IPv4 (RFC 6052): the last 32 bits are the address.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32: Final = 0xFFFFFFFF


class Networks:
    """What may be connected to."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """allowed: networks that need not be public, as 10.1.0.0/16."""
        self._allowed = tuple(ip_network(text) for text in allowed)

    def permit(self, text: str) -> bool:
        """Whether a numeric address may be connected to."""
        try:
            address = _meant(ip_address(text))
        except ValueError:
            return False
        if any(address in network for network in self._allowed):
            return True
        if address.version == 6 and address not in _GLOBAL_V6:  # noqa: PLR2004 the version itself
            return False
        return not any(address in network for network in _NOT_PUBLIC)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & _LOW_32)
    return address
