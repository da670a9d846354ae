"""Spool batch -> grouped events: decode, parse, group. No I/O."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import msgspec

from mana_errors import meters
from mana_errors.digest.dead_letters import DeadLetter
from mana_errors.digest.frames import structured_stack
from mana_errors.digest.group import Telling, group, tell
from mana_errors.digest.parse import parse_stack, without_message
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.outcome import OutcomeCount, Refusals
from mana_errors.store.spool.format import decode_record
from mana_errors.store.spool.reader import SpoolBatch


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a batch's records say."""

    items: list[GroupedEvent] = field(default_factory=list)
    # what ingest refused
    refused: list[OutcomeCount] = field(default_factory=list)
    # what cannot be read or grouped
    letters: list[DeadLetter] = field(default_factory=list)


def received_at(batch: SpoolBatch) -> datetime | None:
    """When the batch's first event came; None when there is none that can be read."""
    for payload in batch.payloads:
        try:
            record = decode_record(payload)
        except msgspec.MsgspecError:
            return None
        if isinstance(record, Event):
            return record.received_at
    return None


def prepare(batch: SpoolBatch) -> Prepared:
    """Decode, parse and group a batch; what cannot be read becomes dead letters."""
    prepared = Prepared()
    meters.damaged_bytes.inc(len(batch.torn))
    if batch.damaged:
        meters.damaged_bytes.inc(len(batch.damaged))
        reason = f"damaged at {batch.start} of segment {batch.segment}"
        prepared.letters.append(DeadLetter(reason, batch.damaged))
    for payload in batch.payloads:
        try:
            record = decode_record(payload)
        except msgspec.MsgspecError as error:
            prepared.letters.append(DeadLetter(f"unreadable record: {error}", payload))
            continue
        if isinstance(record, Refusals):
            prepared.refused.extend(record.counts)
        else:
            _add(prepared, record, payload)
    return prepared


def _add(prepared: Prepared, event: Event, payload: bytes) -> None:
    try:
        prepared.items.append(_grouped(event, len(payload)))
    except Exception as error:  # noqa: BLE001 - a fault of ours must cost one event, not all
        meters.unexpected.labels("digest").inc()
        reason = f"digest failed: {type(error).__name__}"
        prepared.letters.append(DeadLetter(reason, payload, event))


def _grouped(event: Event, size: int) -> GroupedEvent:
    if (structured := structured_stack(event)) is not None:
        telling = tell(structured)
    elif event.stack_trace:
        telling = _tell(without_message(event.stack_trace, event.message))
    else:
        telling = None
    return GroupedEvent(event, group(event, telling), size)


# Problems come again and again, with the same stack: parsing it is half of an event's digest.
# An entry is a stack's text and what it tells, about 3 KB.
@lru_cache(maxsize=2000)
def _tell(frames: str) -> Telling | None:
    return tell(parse_stack(frames))
