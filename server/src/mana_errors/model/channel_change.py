"""Making, changing and trying channels."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from mana_errors.model.channel import Channel, Target
from mana_errors.model.query import NO_NUL

_Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]
_Secret = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=4_000,
        pattern=NO_NUL,
        description="What the kind calls its secret. It is sealed, and never shown again.",
    ),
]


class NewChannel(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """A channel to be made. E-mail has no secret, and a webhook's is made by the server."""

    name: _Name
    target: Target
    secret: _Secret | None = None
    enabled: bool = True


class ChannelChange(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """What to change about a channel; the rest stays, its secret too."""

    name: _Name | UnsetType = UNSET
    target: Annotated[Target | UnsetType, Meta(description="Of the same kind.")] = UNSET
    secret: _Secret | UnsetType = UNSET
    renew_secret: Annotated[
        bool, Meta(description="Make a webhook a new key; the old one works no more.")
    ] = False
    enabled: bool | UnsetType = UNSET


class MadeChannel(msgspec.Struct, frozen=True, rename="camel"):
    """A channel as it is now."""

    channel: Channel
    secret: Annotated[
        str | None, Meta(description="A webhook's new key. It is not shown again.")
    ] = None


class Tested(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a test."""

    sent: bool
    detail: Annotated[str, Meta(description="The receiver's answer, or why there is none.")]
