"""Channels: where people are told. A target has what may be shown; its secrets are sealed."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.query import NO_NUL

_Text = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=NO_NUL)]


class _Target(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", kw_only=True):
    # of what is told there; members' e-mails are in the language that they chose
    language: Literal["en", "de"] = "en"


class Email(_Target, frozen=True, tag="email"):
    """By the server's SMTP setting. `owners` stands for all owners that may sign in."""

    to: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=50)]


class Slack(_Target, frozen=True, tag="slack"):
    """Secret: an incoming webhook's URL; or a bot token, with which an issue gets a thread."""

    # of a bot's messages; empty for an incoming webhook
    conversation: Annotated[str, Meta(max_length=2_000, pattern=NO_NUL)] = ""


class Discord(_Target, frozen=True, tag="discord"):
    """Secret: a webhook's URL."""


class Telegram(_Target, frozen=True, tag="telegram"):
    """Secret: a bot's token."""

    chat: _Text


class Teams(_Target, frozen=True, tag="teams"):
    """Secret: a workflow's URL."""


class PagerDuty(_Target, frozen=True, tag="pagerduty"):
    """Secret: an Events API v2 routing key."""

    # its EU service region has another host
    eu: bool = False


class Webhook(_Target, frozen=True, tag="webhook"):
    """Secret: the key that signs."""

    url: _Text


class Apprise(_Target, frozen=True, tag="apprise"):
    """Secret: an Apprise URL, for any other service that it knows."""


Target: TypeAlias = Email | Slack | Discord | Telegram | Teams | PagerDuty | Webhook | Apprise


def kind_of(target: Target) -> str:
    """A target's kind: email, slack, …."""
    return str(target.__struct_config__.tag)


class Channel(msgspec.Struct, frozen=True, rename="camel"):
    """A place where people are told."""

    id: UUID
    name: str
    target: Target
    enabled: bool
    created_at: datetime
    # failures in a row, and until when nothing is tried for them
    failures: int
    paused_until: datetime | None
