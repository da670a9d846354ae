"""A small chart as a PNG, for mail programs: they show no SVG and load nothing."""

import struct
import zlib
from collections.abc import Sequence
from typing import Final

# Twice what is shown, for fine screens; the width follows from the number of bars.
BAR: Final = 36
GAP: Final = 10
HEIGHT: Final = 144
# Whatever is not zero can be seen; nothing at all is a mark on the ground.
_LEAST: Final = 10
_GROUND: Final = 3
_ROUND: Final = 6
# Palette: nothing, a bar, the ground; seen on light and on dark.
_COLOURS: Final = bytes.fromhex("0000007a75dd9aa0ad")
_OPACITY: Final = bytes((0, 255, 140))


def draw_bars(counts: Sequence[int], pale: int = 0) -> bytes:
    """A PNG of bars, one a count, without a ground of its own; the first few of them pale."""
    tops = _heights(counts)
    rows = b"".join(b"\0" + _row(tops, HEIGHT - y, pale) for y in range(HEIGHT))
    size = struct.pack(">II", len(counts) * (BAR + GAP), HEIGHT)
    # 8 bits a pixel, by palette
    parts = ((b"IHDR", size + bytes((8, 3, 0, 0, 0))), (b"PLTE", _COLOURS), (b"tRNS", _OPACITY),
             (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _heights(counts: Sequence[int]) -> list[int]:
    most = max(counts, default=0) or 1
    return [max(round(count * HEIGHT / most), _LEAST) if count else 0 for count in counts]


def _row(tops: Sequence[int], level: int, pale: int) -> bytes:
    """One line of pixels, so far above the ground."""
    colours = [b"\2" if at < pale else b"\1" for at in range(len(tops))]
    return b"".join(_pixels(top, level, ink) for top, ink in zip(tops, colours, strict=True))


def _pixels(top: int, level: int, ink: bytes) -> bytes:
    if not top:
        return (b"\2" if level <= _GROUND else b"\0") * BAR + bytes(GAP)
    cut = max(0, _ROUND - (top - level)) if level <= top else BAR
    if cut >= BAR:
        return bytes(BAR + GAP)
    return bytes(cut) + ink * (BAR - 2 * cut) + bytes(cut + GAP)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
