"""An event with its place."""

import msgspec

from mana_errors.model.event import Event
from mana_errors.model.grouping import Grouping


class GroupedEvent(msgspec.Struct, frozen=True, gc=False):
    """What the digest stores: an event, and which issue it belongs to and why."""

    event: Event
    grouping: Grouping
