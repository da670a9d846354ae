"""What scrubbing one event may cost, and what it has found: a stranger's report must not keep a
worker busy."""

import re
from ipaddress import ip_address, ip_network
from typing import Final

from mana_errors.ingest.scrub.marker import PLACEHOLDERS

# What things cost, in units of about 4 µs.
STRING: Final = 1
NAME: Final = 2
FINDING: Final = 10
# About 100 ms. Honest reports need some dozens, a runaway recursion with all its variables some
# thousands; a mebibyte of hostile text needed four seconds.
MOST: Final = 25_000
# Hidden values that are looked for in the rest of the event; more is somebody's data, not secrets.
MAX_REMEMBERED: Final = 50
# Shorter values, and words, stand in too many innocent places.
_LEAST: Final = 6
_LEAST_WORD: Final = 8
_MOST: Final = 500
# Of a header with many cookies.
_MOST_PARTS: Final = 8192
_JOINTS: Final = re.compile(r"[;,&=\s]+")
_QUOTES: Final = "'\"`"
_TELLING: Final = re.compile(r"[^a-zA-Z]")
_ADDRESS_JOINTS: Final = re.compile(r"[,;=\s\"\[\]]+")
# An address of "X-Forwarded-For: client, proxy, proxy"; more was made up.
_MOST_ADDRESSES: Final = 10
# Addresses of machines, which messages are about: "connect ECONNREFUSED 10.0.0.5:5432".
_PRIVATE: Final = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


class TooMuch(Exception):
    """The effort is used up: what is not looked through yet must be hidden as a whole."""


class Effort:
    """What is left for one event, and what was hidden so far. Counted, not timed, so that
    scrubbing stays a pure function."""

    __slots__ = ("_left", "addresses", "hidden")

    def __init__(self) -> None:
        self._left = MOST
        self.hidden: set[str] = set()
        # of clients
        self.addresses: set[str] = set()

    def spend(self, units: int) -> None:
        """Raises TooMuch when nothing is left, from then on always."""
        self._left -= units
        if self._left < 0:
            raise TooMuch

    def remember(self, value: str) -> None:
        """A value was hidden; where it stands elsewhere in the event it is secret, too."""
        # Python's repr() of a local variable
        value = value.strip().strip(_QUOTES)
        if value in PLACEHOLDERS:
            return
        self._add(value)
        if len(value) <= _MOST_PARTS and _JOINTS.search(value):
            # "Bearer …", "theme=dark; sid=…": what is in it is secret alone, too
            for part in _JOINTS.split(value):
                if _TELLING.search(part):
                    self._add(part, _LEAST_WORD)

    def remember_addresses(self, text: str) -> None:
        """A field with clients' addresses was hidden, such as X-Forwarded-For."""
        if len(text) > _MOST_PARTS:
            return
        for part in _ADDRESS_JOINTS.split(text)[:_MOST_ADDRESSES]:
            if len(self.addresses) < MAX_REMEMBERED and _is_of_a_client(part):
                self.addresses.add(part)

    def _add(self, value: str, least: int = _LEAST) -> None:
        least = least if _TELLING.search(value) else _LEAST_WORD
        if least <= len(value) <= _MOST and len(self.hidden) < MAX_REMEMBERED:
            self.hidden.add(value)


def _is_of_a_client(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return False
    return not any(address in network for network in _PRIVATE)
