"""Requests of real SDKs as they were recorded: server/tests/recorded."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import brotli

RECORDED = Path(__file__).parent / "recorded"
INDEX: list[dict[str, Any]] = json.loads((RECORDED / "INDEX.json").read_text())
_UNPACK = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress}


def load(file: str) -> bytes:
    """The decoded body of a recorded request."""
    head, _, body = (RECORDED / file).read_bytes().partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
    headers = {name.decode(): value.strip().decode() for name, _, value in lines}
    if headers.get("transfer-encoding") == "chunked":
        body = _without_chunks(body)
    unpack = _UNPACK.get(headers.get("content-encoding", ""), bytes)
    return unpack(body)


def _without_chunks(body: bytes) -> bytes:
    whole = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return whole
        whole += body[:length]
        body = body[length + 2 :]
