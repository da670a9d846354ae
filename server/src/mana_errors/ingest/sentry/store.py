"""Bodies of the store endpoint: one event, as JSON or as old clients packed it."""

import binascii
import re
from base64 import b64decode
from typing import Final
from urllib.parse import parse_qs, unquote_to_bytes

from mana_errors.errors import BadRequest
from mana_errors.ingest.receive import decompress

# Of a form; raven-js and old PHP clients.
_FORM_FIELD: Final = re.compile(rb"(?:^|&)(?:sentry_data|data)=([^&]*)")
_BOM: Final = b"\xef\xbb\xbf"
# The first byte of a zlib stream with the window that everybody uses.
_ZLIB: Final = b"\x78"
_JSON_STARTS: Final = (b"{", b"[")


def read_store(body: bytes, limit: int) -> bytes:
    """The event's JSON, at most `limit` bytes: from JSON, base64 of JSON, base64 of zlib, a zlib
    stream that no header speaks of, or a form with one of them. Raises BadRequest, TooLarge."""
    body = body.strip().removeprefix(_BOM)
    if not body:
        raise BadRequest("the body is empty")
    if not body.startswith(_JSON_STARTS) and (field := _FORM_FIELD.search(body)):
        body = unquote_to_bytes(field[1].replace(b"+", b"%20"))
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
    if body.startswith(_JSON_STARTS):
        return body
    if not body.startswith(_ZLIB) or body.isascii():
        try:
            packed = body.replace(b" ", b"+").translate(_URL_SAFE, _LINE_BREAKS)
            body = b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("the body is neither JSON nor base64") from None
    if body.startswith(_JSON_STARTS):
        return body
    return decompress(body, b"deflate", limit)


# base64 as e-mail and many libraries write it
_LINE_BREAKS: Final = b"\r\n"
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
