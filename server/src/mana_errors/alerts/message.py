"""What a channel tells: the alerts of one message, with all that its text needs. Pure values."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import msgspec

from mana_errors.model.alert import Alert

# Told one by one; the rest of a digest as a number.
MAX_TOLD: Final = 10


class Story(msgspec.Struct, frozen=True):
    """One alert and what the reader wants to see with it."""

    alert: Alert
    app_name: str
    # of the issue's or the app's page
    url: str
    # events an hour of the last 24, oldest first; empty: not known
    trend: tuple[int, ...]
    # signed, each works once; empty: none
    resolve_url: str
    ignore_url: str


class Message(msgspec.Struct, frozen=True):
    """What is sent at once to one channel."""

    # idempotency key: the same at each try
    id: UUID
    created_at: datetime
    # newest last, at most MAX_TOLD; empty: a test of the channel
    stories: tuple[Story, ...]
    # of the digest beyond `stories`
    more: int
    # of the server's pages
    server_url: str
    # the only one that it tells of
    issue: UUID | None
    # what the channel gave back for the issue's last message there; None: the first of its issue
    thread: str | None


class Receipt(msgspec.Struct, frozen=True):
    """What a channel says of a message that it took."""

    # for the ledger: HTTP status, SMTP answer; without secrets
    detail: str
    # what the issue's next message continues
    thread: str | None = None


class Send(Protocol):
    """One module a kind of channel has one."""

    async def __call__(self, message: Message) -> Receipt:
        """Send it once. Raises Refused or Unreachable."""
        ...
