"""What people are told, and every try to tell them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from mana_errors.model.query import PageQuery


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    # refused for good, or tried too often
    DEAD = "dead"
    # nothing was tried: the channel is off or deleted, or its server is not set
    SKIPPED = "skipped"


class Delivery(msgspec.Struct, frozen=True, rename="camel"):
    """One alert on its way to one channel."""

    id: UUID
    alert_id: UUID | None
    channel_id: UUID
    state: State
    due_at: datetime
    message_id: UUID | None
    attempts: int
    detail: str
    ended_at: datetime | None


class DeliveryQuery(PageQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which deliveries; newest first."""

    channel: UUID | None = None
    state: State | None = None
    alert: UUID | None = None
