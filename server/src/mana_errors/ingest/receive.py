"""Request -> body: content type, encodings, and the caps that keep a stranger's bytes bounded."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Final
from typing import Protocol as Shape

import brotli
import zstandard

from mana_errors.errors import BadRequest, TooLarge, UnsupportedMedia
from mana_errors.model.event import Protocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = dict[bytes, bytes]

# Output asked from a decompressor at once: a bomb is noticed after at most this much too much.
_STEP_BYTES: Final = 64 * 1024
# Largest zstd window we allocate for: the 8 MiB that RFC 9659 requires of HTTP receivers.
_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024
_DEFLATED: Final = frozenset({b"gzip", b"x-gzip", b"deflate"})
_GZIP_MAGIC: Final = b"\x1f\x8b"
# Added to zlib's window bits: look at the header which of both it is.
_GZIP_OR_ZLIB: Final = 32
_JSON_STARTS: Final = frozenset({b"{", b"["})
# What JSON is sent as: properly, by browsers that avoid a preflight, by curl -d, and by mistake.
_CONTENT_TYPES: Final = frozenset(
    {
        b"",
        b"application/json",
        b"text/plain",
        b"text/json",
        b"application/x-www-form-urlencoded",
        b"application/octet-stream",
    }
)


_OTLP_TYPES: Final = frozenset({b"application/x-protobuf", b"application/json"})
# Of a length in bytes; longer numbers are no length of anything.
_MAX_DIGITS: Final = 15


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


def check_head(headers: Headers, limit: int, protocol: Protocol = Protocol.NATIVE) -> None:
    """What can be refused before a byte of the body: its type, and a declared length above
    `limit` bytes. Raises UnsupportedMedia, TooLarge.
    """
    # Sentry's SDKs send any type or none.
    if protocol is not Protocol.SENTRY and (kind := headers.get(b"content-type")):
        _check_content_type(kind, protocol)
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and (len(declared) > _MAX_DIGITS or int(declared) > limit):
        raise too_large(limit)


def decode_body(headers: Headers, body: bytes, limit: int) -> bytes:
    """Undo the body's content encodings; at most `limit` bytes come out.

    Raises TooLarge, UnsupportedMedia, BadRequest.
    """
    encodings = _encodings(headers.get(b"content-encoding", b""))
    if not encodings and body.startswith(_GZIP_MAGIC):
        encodings = [b"gzip"]
    for encoding in reversed(encodings):
        body = decompress(body, encoding, limit)
    return body


# Clients send a handful of spellings, and all of them with every request.
@lru_cache(maxsize=64)
def _check_content_type(value: bytes, protocol: Protocol) -> None:
    kind = value.partition(b";")[0].strip().lower()
    if protocol is Protocol.OTLP:
        known, instead = kind in _OTLP_TYPES, "application/x-protobuf or application/json"
    else:
        known, instead = kind in _CONTENT_TYPES or kind.endswith(b"+json"), "application/json"
    if not known:
        name = kind.decode("latin-1")[:100]
        raise UnsupportedMedia(f"content-type {name!r}: use {instead}")


def _encodings(value: bytes) -> list[bytes]:
    if not value:
        return []
    names = [name.strip().lower() for name in value.split(b",")]
    return [name for name in names if name not in {b"", b"identity"}]


async def read_body(receive: Receive, limit: int, hold: Callable[[int], None]) -> bytes:
    """The undecoded body of an ASGI request, at most `limit` bytes. `hold` hears of each part's
    size and may refuse it. Raises TooLarge, ClientGone.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        hold(len(chunk))
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


class _Decompressor(Shape):
    """Gives at most about _STEP_BYTES a call; an empty input asks for more of what it holds."""

    def step(self, data: bytes) -> bytes: ...

    @property
    def hungry(self) -> bool: ...

    @property
    def finished(self) -> bool: ...


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._state = zlib.decompressobj(wbits)

    def step(self, data: bytes) -> bytes:
        return self._state.decompress(self._state.unconsumed_tail + data, _STEP_BYTES)

    @property
    def hungry(self) -> bool:
        return not self._state.unconsumed_tail

    @property
    def finished(self) -> bool:
        return self._state.eof


class _Brotli:
    def __init__(self) -> None:
        self._state = brotli.Decompressor()

    def step(self, data: bytes) -> bytes:
        return self._state.process(data, output_buffer_limit=_STEP_BYTES)

    @property
    def hungry(self) -> bool:
        return self._state.can_accept_more_data()

    @property
    def finished(self) -> bool:
        return self._state.is_finished()


def decompress(data: bytes, encoding: bytes, limit: int) -> bytes:
    """Undo one content encoding, giving up at `limit` bytes of output."""
    try:
        if encoding in _DEFLATED:
            return _inflate(data, limit)
        if encoding == b"br":
            return _drain(_Brotli(), data, limit)
        if encoding == b"zstd":
            return _decompress_zstd(data, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        name = encoding.decode("latin-1")
        raise BadRequest(f"content-encoding {name}: the body does not decompress") from error
    name = encoding.decode("latin-1")[:40]
    raise UnsupportedMedia(f"content-encoding {name!r}: use gzip, deflate, br, zstd or none")


def _inflate(data: bytes, limit: int) -> bytes:
    """gzip, zlib (RFC 1950, what the standard calls deflate) or raw deflate (RFC 1951, what many
    take for it), whichever it is: clients confuse them."""
    if data[:1] in _JSON_STARTS:
        # A proxy has undone it and left the header. No deflated text begins so.
        return data
    try:
        return _drain(_Zlib(zlib.MAX_WBITS | _GZIP_OR_ZLIB), data, limit)
    except zlib.error:
        return _drain(_Zlib(-zlib.MAX_WBITS), data, limit)


def _drain(state: _Decompressor, data: bytes, limit: int) -> bytes:
    chunks = [state.step(data)]
    size = len(chunks[0])
    while size <= limit and not state.finished:
        chunk = state.step(b"")
        if not chunk and state.hungry:
            raise BadRequest("the compressed body ends too early")
        size += len(chunk)
        chunks.append(chunk)
    if size > limit:
        raise too_large(limit)
    return b"".join(chunks)


def _decompress_zstd(data: bytes, limit: int) -> bytes:
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    chunks: list[bytes] = []
    size = 0
    with engine.stream_reader(data, read_across_frames=True) as stream:
        while chunk := stream.read(_STEP_BYTES):
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            chunks.append(chunk)
    return b"".join(chunks)


def too_large(limit: int) -> TooLarge:
    """The refusal of a body over `limit` bytes."""
    return TooLarge(f"the body is larger than {limit} bytes")
