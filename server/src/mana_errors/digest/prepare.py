"""Spool batch -> grouped events: decode, parse, group. No I/O."""

from datetime import datetime
from functools import lru_cache

import msgspec

from mana_errors import meters
from mana_errors.digest.dead_letters import DeadLetter
from mana_errors.digest.group import Telling, group, tell
from mana_errors.digest.parse import parse_stack, without_message
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.store.spool.format import decode_event
from mana_errors.store.spool.reader import SpoolBatch


def received_at(batch: SpoolBatch) -> datetime | None:
    """When the batch's first event came; None when it cannot be read."""
    try:
        return decode_event(batch.payloads[0]).received_at if batch.payloads else None
    except msgspec.MsgspecError:
        return None


def prepare(batch: SpoolBatch) -> tuple[list[GroupedEvent], list[DeadLetter]]:
    """Decode, parse and group a batch; what cannot be read becomes dead letters."""
    grouped: list[GroupedEvent] = []
    unreadable: list[DeadLetter] = []
    meters.damaged_bytes.inc(len(batch.torn))
    if batch.damaged:
        meters.damaged_bytes.inc(len(batch.damaged))
        reason = f"damaged at {batch.start} of segment {batch.segment}"
        unreadable.append(DeadLetter(reason, batch.damaged))
    for payload in batch.payloads:
        try:
            grouped.append(_grouped(decode_event(payload)))
        except msgspec.MsgspecError as error:
            unreadable.append(DeadLetter(f"unreadable record: {error}", payload))
        except Exception as error:  # noqa: BLE001 - a fault of ours must cost one event, not all
            meters.unexpected.labels("digest").inc()
            unreadable.append(DeadLetter(f"digest failed: {type(error).__name__}", payload))
    return grouped, unreadable


def _grouped(event: Event) -> GroupedEvent:
    stack = event.stack_trace
    telling = _tell(without_message(stack, event.message)) if stack else None
    return GroupedEvent(event, group(event, telling))


# Problems come again and again, with the same stack: parsing it is half of an event's digest.
# An entry is a stack's text and what it tells, about 3 KB.
@lru_cache(maxsize=2000)
def _tell(frames: str) -> Telling | None:
    return tell(parse_stack(frames))
