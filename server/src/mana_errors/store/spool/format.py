"""The bytes of a spool segment.

    segment = header record* zero*
    header  = "MANASPL1" durable:u64le
    record  = "\\xa5ME1" length:u32le crc:u32le payload

The file is allocated ahead, so the space after the last record reads as zeros. crc is CRC-32 of
length and payload. The magic in front of every record finds the next one behind a damaged one.
A payload is msgpack: an event is an array; a map is what ingest refused since it last said so.
durable is how far the segment is fsynced: a live segment is read up to there; it is a hint that
a crash may leave stale, so a finished segment is read to its end.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from mana_errors.model.event import Event
from mana_errors.model.outcome import Refusals

SEGMENT_MAGIC: Final = b"MANASPL1"
DURABLE: Final = struct.Struct("<Q")
DURABLE_AT: Final = len(SEGMENT_MAGIC)
SEGMENT_HEADER_BYTES: Final = DURABLE_AT + DURABLE.size
SUFFIX: Final = ".spool"
MAGIC: Final = b"\xa5ME1"
# Largest payload: a report of 1 MiB decompressed, three bytes for each of its own at worst
# (a character that JSON sent as one byte never needs more in UTF-8), and our own fields.
MAX_PAYLOAD_BYTES: Final = 4 * 1024 * 1024

_HEADER: Final = struct.Struct("<4sII")
RECORD_OVERHEAD_BYTES: Final = _HEADER.size
_LENGTH: Final = struct.Struct("<I")

_encoder: Final = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder: Final = msgspec.msgpack.Decoder(Event)
_refusals_decoder: Final = msgspec.msgpack.Decoder(Refusals)
# First byte of a msgpack map of fewer than 16 fields.
_SMALL_MAP: Final = range(0x80, 0x90)


def encode_event(event: Event) -> bytes:
    """Event -> payload. Raises OverflowError for integers beyond 64 bits."""
    return _encoder.encode(event)


def decode_event(payload: bytes) -> Event:
    """Payload -> Event. Raises msgspec.MsgspecError for what this release cannot read."""
    return _decoder.decode(payload)


def encode_refusals(refusals: Refusals) -> bytes:
    """Refusals -> payload."""
    return _encoder.encode(refusals)


def decode_record(payload: bytes) -> Event | Refusals:
    """Payload -> what it is. Raises msgspec.MsgspecError for what this release cannot read."""
    if payload and payload[0] in _SMALL_MAP:
        return _refusals_decoder.decode(payload)
    return _decoder.decode(payload)


def frame(payload: bytes) -> bytes:
    """Payload -> record."""
    return _HEADER.pack(MAGIC, len(payload), _checksum(payload)) + payload


@dataclass(frozen=True, slots=True)
class Record:
    """One intact record: its payload and where the next one begins, relative to the buffer."""

    payload: bytes
    end: int


def records(buffer: bytes) -> Iterator[Record]:
    """Intact records from the start of the buffer to the first that is not whole."""
    position = 0
    while (record := _record_at(buffer, position)) is not None:
        yield record
        position = record.end


def record_length(head: bytes) -> int | None:
    """Bytes of the record whose first RECORD_OVERHEAD_BYTES these are; None if it is none."""
    if len(head) < _HEADER.size:
        return None
    magic, length, _ = _HEADER.unpack(head)
    return _HEADER.size + length if magic == MAGIC and length <= MAX_PAYLOAD_BYTES else None


def find_record(buffer: bytes, start: int) -> int:
    """Position of the first intact record at or behind start; -1 if there is none."""
    position = buffer.find(MAGIC, start)
    while position >= 0 and _record_at(buffer, position) is None:
        position = buffer.find(MAGIC, position + 1)
    return position


def _record_at(buffer: bytes, position: int) -> Record | None:
    start = position + _HEADER.size
    if len(buffer) < start:
        return None
    magic, length, checksum = _HEADER.unpack_from(buffer, position)
    end = start + length
    if magic != MAGIC or length > MAX_PAYLOAD_BYTES or end > len(buffer):
        return None
    payload = buffer[start:end]
    return Record(payload, end) if _checksum(payload) == checksum else None


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))
