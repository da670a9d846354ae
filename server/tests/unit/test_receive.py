"""Encodings and caps, on real compressed bytes."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from mana_errors.errors import BadRequest, TooLarge, UnsupportedMedia
from mana_errors.ingest.receive import (
    ClientGone,
    Message,
    check_head,
    decode_body,
    decompress,
    read_body,
)

BODY = b'{"errorCode":"x"}' * 20
LIMIT = 100_000


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def received(*messages: Message, **headers: str) -> bytes:
    queue = list(messages)

    async def receive() -> Message:
        return queue.pop(0)

    raw = {key.replace("_", "-").encode(): value.encode() for key, value in headers.items()}
    check_head(raw, LIMIT)
    return decode_body(raw, asyncio.run(read_body(receive, LIMIT, lambda _: None)), LIMIT)


def whole(body: bytes) -> Message:
    return {"type": "http.request", "body": body}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_encodings_are_undone(encoding: str) -> None:
    """gzip, deflate, br, zstd."""
    assert received(whole(ENCODERS[encoding](BODY)), content_encoding=encoding) == BODY


def test_raw_deflate_is_read_too() -> None:
    """Some clients send deflate without its zlib header."""
    assert received(whole(raw_deflate(BODY)), content_encoding="deflate") == BODY


@pytest.mark.parametrize("label", ["gzip", "deflate", ""])
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_a_wrong_label_is_seen_through(label: str, pack: Callable[[bytes], bytes]) -> None:
    """gzip called deflate or nothing at all; JSON that a proxy has decompressed already."""
    assert received(whole(pack(BODY)), content_encoding=label) == BODY
    if pack is gzip.compress:
        assert received(whole(zlib.compress(BODY)), content_encoding="gzip") == BODY


def test_encodings_stack() -> None:
    """The last one applied is undone first."""
    body = gzip.compress(brotli.compress(BODY))
    assert received(whole(body), content_encoding="br, gzip") == BODY


@pytest.mark.parametrize("value", ["", "identity", " "])
def test_no_encoding(value: str) -> None:
    """An empty header means none: a widespread client sends it."""
    assert received(whole(BODY), content_encoding=value) == BODY


def test_an_unknown_encoding_is_415() -> None:
    """And says which are read."""
    with pytest.raises(UnsupportedMedia, match="'compress': use gzip"):
        received(whole(BODY), content_encoding="compress")


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty"])
def test_broken_bodies_are_refused(encoding: str, damage: str) -> None:
    """400, whatever is wrong; the zstd reader takes a cut frame for a short one."""
    good = ENCODERS[encoding](BODY)
    body = {"garbage": b"\x00garbage" * 9, "truncated": good[: len(good) // 2], "empty": b""}
    if encoding == "zstd" and damage != "garbage":
        assert received(whole(body[damage]), content_encoding=encoding) != BODY
        return
    with pytest.raises(BadRequest):
        received(whole(body[damage]), content_encoding=encoding)


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_bomb_costs_bounded_memory(encoding: str) -> None:
    """64 MiB of zeros in a few bytes: given up soon after the limit."""
    bomb = ENCODERS[encoding](bytes(64 * 1024 * 1024))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decompress(bomb, encoding.encode(), LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 1024 * 1024


def test_chunks_are_joined_and_bounded() -> None:
    """A body without a length is bounded while it comes."""
    chunk = {"type": "http.request", "body": b"x" * 40_000, "more_body": True}
    assert len(received(chunk, chunk, whole(b"y"))) == 80_001
    with pytest.raises(TooLarge):
        received(chunk, chunk, chunk, whole(b""))


def test_a_declared_length_over_the_limit_is_not_read() -> None:
    """Refused before a byte of the body."""
    with pytest.raises(TooLarge):
        received(content_length=str(LIMIT + 1))


def test_a_client_that_leaves_is_noticed() -> None:
    """There is nobody to answer."""
    started = {"type": "http.request", "body": b"x", "more_body": True}
    with pytest.raises(ClientGone):
        received(started, {"type": "http.disconnect"})


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/json",
        "application/json; charset=utf-8",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "application/vnd.api+json",
    ],
)
def test_json_by_any_name(kind: str) -> None:
    """Browsers, curl -d and careless clients."""
    assert received(whole(BODY), content_type=kind) == BODY


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "image/png"])
def test_other_content_is_415(kind: str) -> None:
    """What cannot be JSON."""
    with pytest.raises(UnsupportedMedia, match="content-type"):
        received(whole(BODY), content_type=kind)
