"""An event with its place."""

import msgspec

from mana_errors.model.event import Event
from mana_errors.model.grouping import Grouping


class GroupedEvent(msgspec.Struct, frozen=True, gc=False):
    """What the digest stores: an event, and which issue it belongs to and why."""

    event: Event
    grouping: Grouping
    # bytes that the spool held it in
    size: int = 0
    # occurrences of its grouping hash that the stored event stands for, itself included
    weight: int = 1
