"""One module a kind of channel, imported when the first of its kind is used. Each has `make`."""

from importlib import import_module
from typing import Protocol, cast

from mana_errors.alerts.client import Client
from mana_errors.alerts.message import Send
from mana_errors.config import Settings
from mana_errors.model.channel import Target, kind_of


class _Kind(Protocol):
    def make(self, target: Target, secret: str, client: Client, settings: Settings) -> Send: ...


def sender(target: Target, secret: str, client: Client, settings: Settings) -> Send:
    """What sends to a channel. An e-mail's target has one recipient, who is an address.

    Raises Refused where target and secret cannot work, with words for who set them.
    """
    module = cast("_Kind", import_module(f"{__name__}.{kind_of(target)}"))
    return module.make(target, secret, client, settings)
