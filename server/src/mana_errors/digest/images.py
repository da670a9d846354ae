"""Addresses of native frames -> place within their library: the same in every run of one build."""

from bisect import bisect_right
from typing import Any, Final

import msgspec

from mana_errors.model.event import JsonObject

_HEX: Final = 16
# 64 bits in hex, or in decimal.
_MAX_DIGITS: Final = 20


class _Image(msgspec.Struct, frozen=True):
    base: int
    # None = not said
    size: int | None
    file: str


class Images:
    """The libraries that a process had loaded, and where."""

    def __init__(self, said: list[JsonObject]) -> None:
        images = (_image(image) for image in said)
        self._images = sorted((i for i in images if i is not None), key=lambda image: image.base)
        self._bases = [image.base for image in self._images]

    def locate(self, frame: JsonObject) -> tuple[str, str] | None:
        """Library and offset of a frame: ("libshop.so", "+0x1d2c"); None when it is not known."""
        address = _number(frame.get("address"))
        if address is None:
            return None
        index = bisect_right(self._bases, address) - 1
        if index >= 0:
            image = self._images[index]
            if image.size is None or address < image.base + image.size:
                return image.file, f"+{address - image.base:#x}"
        base, package = _number(frame.get("imageAddress")), frame.get("package")
        if base is None or base > address or not isinstance(package, str):
            return None
        return package, f"+{address - base:#x}"


def _image(said: JsonObject) -> _Image | None:
    base = _number(said.get("image_addr"))
    file = said.get("code_file") or said.get("name")
    if base is None or not isinstance(file, str):
        return None
    return _Image(base, _number(said.get("image_size")), file)


def _number(value: Any) -> int | None:
    """From a number, or from digits: hex behind 0x, else decimal."""
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or len(value) > _MAX_DIGITS:
        return None
    try:
        return int(value, _HEX if value[:2].lower() == "0x" else 10)
    except ValueError:
        return None
