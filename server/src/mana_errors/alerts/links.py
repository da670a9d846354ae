"""Links in messages that do something without signing in: answer an alert, stop e-mail.

A link is signed with a key of the server's, so none can be made up, and nothing is stored until
it is used. Whoever has the message has its links: they do little, for a week, each once.
"""

import base64
import binascii
import hmac
from datetime import timedelta
from enum import IntEnum
from typing import Final, NamedTuple
from uuid import UUID

from mana_errors.errors import NotFound

# How long an alert can be answered by its links.
WORKS_FOR: Final = timedelta(days=7)
# How long the link that ignores does.
IGNORES_FOR: Final = timedelta(days=7)
_MAC_BYTES: Final = 16
_UUID_BYTES: Final = 16
# What each signature is for, so that none is another's.
_ACT: Final = b"act\0"
_MUTE: Final = b"mute\0"
_NO_WEEKLY: Final = b"weekly\0"


class Deed(IntEnum):
    """What a link does about an alert's issue."""

    RESOLVE = 1
    IGNORE = 2


class Act(NamedTuple):
    """What an action link says."""

    deed: Deed
    alert_id: UUID
    # whose message it was in
    channel_id: UUID


class Links:
    """Makes and reads links."""

    def __init__(self, key: bytes, server_url: str) -> None:
        self._key = key
        self._server_url = server_url

    def act(self, act: Act) -> str:
        """URL of the page that asks, then does it."""
        plain = bytes([act.deed]) + act.alert_id.bytes + act.channel_id.bytes
        return f"{self._server_url}/act/{self._signed(_ACT, plain)}"

    def mute(self, email: str) -> str:
        """URL that stops e-mail to an address; a POST there does it (RFC 8058)."""
        return f"{self._server_url}/mute/{self._signed(_MUTE, email.lower().encode())}"

    def no_weekly(self, email: str) -> str:
        """URL that ends the weekly report of a member; a POST there does it (RFC 8058)."""
        signed = self._signed(_NO_WEEKLY, email.lower().encode())
        return f"{self._server_url}/no-weekly/{signed}"

    def read_act(self, token: str) -> Act:
        """Raises NotFound for what `act` did not make."""
        plain = self._read(_ACT, token)
        alert, channel = plain[1 : 1 + _UUID_BYTES], plain[1 + _UUID_BYTES :]
        return Act(Deed(plain[0]), UUID(bytes=alert), UUID(bytes=channel))

    def read_mute(self, token: str) -> str:
        """The address, in lower case. Raises NotFound for what `mute` did not make."""
        return self._read(_MUTE, token).decode()

    def read_no_weekly(self, token: str) -> str:
        """The address, in lower case. Raises NotFound for what `no_weekly` did not make."""
        return self._read(_NO_WEEKLY, token).decode()

    def _signed(self, purpose: bytes, plain: bytes) -> str:
        return base64.urlsafe_b64encode(plain + self._mac(purpose, plain)).rstrip(b"=").decode()

    def _read(self, purpose: bytes, token: str) -> bytes:
        try:
            signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            signed = b""
        plain, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(purpose, plain)):
            raise NotFound("no link of ours")
        return plain

    def _mac(self, purpose: bytes, plain: bytes) -> bytes:
        return hmac.digest(self._key, purpose + plain, "sha256")[:_MAC_BYTES]
