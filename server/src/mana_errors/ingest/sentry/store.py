"""Bodies of the store endpoint: one event, as JSON or as old clients packed it."""

import binascii
from base64 import b64decode
from typing import Final
from urllib.parse import parse_qs, unquote_to_bytes

from mana_errors.errors import BadRequest
from mana_errors.ingest.receive import decompress

_FORM_FIELDS: Final = (b"sentry_data=", b"data=")
# The first byte of a zlib stream with the window that everybody uses.
_ZLIB: Final = b"\x78"


def read_store(body: bytes, limit: int) -> bytes:
    """The event's JSON, at most `limit` bytes: from JSON, base64 of JSON, base64 of zlib, a zlib
    stream that no header speaks of, or a form with one of them. Raises BadRequest, TooLarge."""
    body = body.strip()
    if not body:
        raise BadRequest("the body is empty")
    for field in _FORM_FIELDS:
        if body.startswith(field):
            body = unquote_to_bytes(body[len(field) :].partition(b"&")[0].replace(b"+", b"%20"))
    return _unpack(body, limit)


def from_query(query: bytes, limit: int) -> bytes:
    """The event in the query of a GET. Raises BadRequest, TooLarge."""
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=50).get("sentry_data")
    except ValueError:
        values = None
    if not values:
        raise BadRequest("sentry_data: required")
    # A plus sign of base64 that was not escaped arrives as a space.
    return _unpack(values[0].encode("latin-1"), limit)


def _unpack(body: bytes, limit: int) -> bytes:
    if body.startswith((b"{", b"[")):
        return body
    if not body.startswith(_ZLIB) or body.isascii():
        try:
            body = b64decode(body.replace(b" ", b"+").translate(_URL_SAFE), validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("the body is neither JSON nor base64") from None
    if body.startswith((b"{", b"[")):
        return body
    return decompress(body, b"deflate", limit)


_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
