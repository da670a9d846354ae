"""Bodies of OTLP's answers: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response"""

from typing import Final

import msgspec

# google.rpc.Code
_CODES: Final = {400: 3, 401: 16, 403: 7, 413: 3, 415: 3, 429: 8, 503: 14}
_UNKNOWN: Final = 2
# Protobuf: field number and wire type, https://protobuf.dev/programming-guides/encoding/
_FIELD_1_VARINT: Final = b"\x08"
_FIELD_1_BYTES: Final = b"\x0a"
_FIELD_2_BYTES: Final = b"\x12"


def answered(rejected: int, message: str, *, json: bool, rejected_name: str) -> bytes:
    """The Export…ServiceResponse of a request that was taken, but for `rejected` of its items."""
    if not rejected:
        return b"{}" if json else b""
    if json:
        # 64-bit integers are strings in protobuf's JSON.
        partial = {rejected_name: str(rejected), "errorMessage": message}
        return msgspec.json.encode({"partialSuccess": partial})
    partial = _FIELD_1_VARINT + _varint(rejected) + _bytes(_FIELD_2_BYTES, message.encode())
    return _bytes(_FIELD_1_BYTES, partial)


def refused(status: int, message: str, *, json: bool) -> bytes:
    """A google.rpc.Status."""
    code = _CODES.get(status, _UNKNOWN)
    if json:
        return msgspec.json.encode({"code": code, "message": message})
    return _FIELD_1_VARINT + _varint(code) + _bytes(_FIELD_2_BYTES, message.encode())


def _bytes(tag: bytes, value: bytes) -> bytes:
    return tag + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
