"""Text without what differs from one occurrence of a problem to the next. Pure, linear, bounded.

Belongs to GROUPING_VERSION: a change here moves events to other issues.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

# Of a message: what tells problems apart stands in front.
MAX_MESSAGE: Final = 1000
# Of a function's file: the file and its folder; what is in front differs between machines.
KEPT_PARTS: Final = 2

# Storms repeat these. The sizes hold the memory below some megabytes.
_REMEMBERED: Final = 4096
_REMEMBERED_LENGTH: Final = 500

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def url_path(url: str) -> str:
    """The path of an absolute or relative URL, as written, without query and fragment.

    An absolute URL without a path has the path "/". Never raises: what is no URL is its own path.
    """
    path = url.partition("#")[0].partition("?")[0]
    if scheme := _SCHEME.match(path):
        slash = path.find("/", scheme.end())
        return path[slash:] if slash != -1 else "/"
    return path


def _remembering(normalize: Callable[[str], str]) -> Callable[[str], str]:
    remembered = lru_cache(_REMEMBERED)(normalize)

    def lookup(text: str) -> str:
        return remembered(text) if len(text) <= _REMEMBERED_LENGTH else normalize(text)

    return lookup


@_remembering
def normalize_path(url: str) -> str:
    """url_path with `<id>` for each segment that is a number, UUID, hash, date, address or long
    opaque token: /orders/17?x=1 -> /orders/<id>."""
    return "/".join([_normalize_segment(part) for part in url_path(url).split("/")])


_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T_ ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
_HEX: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{8,}")
# Opaque ids mix letters and digits: 01ARZ3NDEKTSV4RRFFQ69G5FAV, cus_NffrFeUfNV2Hib. A shorter one,
# or one with a single number, may be a name: iphone15pro-max, OAuth2Callback, how-to-2024.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{12,}")
_MIXED_TOKEN_LENGTH: Final = 16
_DIGITS_THEN_LETTER: Final = re.compile(r"\d[A-Za-z]")


def _normalize_segment(segment: str) -> str:
    if segment.isalpha() or not segment:
        return segment
    text = unquote(segment) if "%" in segment else segment
    name, dot, extension = text.partition(".")
    if "@" in text or _is_identifier(text):
        return "<id>"
    if dot and extension.isalnum() and _is_identifier(name):
        return f"<id>.{extension}"
    return segment


def _is_identifier(text: str) -> bool:
    if not any(letter.isdecimal() for letter in text):
        return False
    if any(kind.fullmatch(text) for kind in (_NUMBER, _UUID, _DATE, _HEX)):
        return True
    return _TOKEN.fullmatch(text) is not None and _is_opaque(text)


def _is_opaque(text: str) -> bool:
    """Digits and letters change places more often than in a name."""
    changes = len(_DIGITS_THEN_LETTER.findall(text))
    is_mixed = len(text) >= _MIXED_TOKEN_LENGTH and not (text.islower() or text.isupper())
    return changes > 1 or (changes == 1 and is_mixed)


# One alternation, tried from the left: each part starts where no other of its kind can, or is of
# bounded length, so the search is linear.
_VALUES: Final = re.compile(
    r"""
      (?P<quoted> "[^"\n]*" | `[^`\n]*` | (?<!\w)'[^'\n]*'(?!\w) )
    | (?P<url> \b[a-z][a-z0-9+.-]{1,15}://[^\s"'<>()]+ )
    | (?P<email> (?<![\w.+-])[\w.+-]{1,64}@[\w.-]+ )
    | (?P<id> (?<![0-9a-zA-Z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-zA-Z]) )
    | (?P<date> (?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?
                (?:Z|[+-]\d\d:?\d\d)? | (?<![\d:])\d\d?:\d\d:\d\d(?:[.,]\d{1,9})? )
    | (?P<ip> (?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\d)
            | (?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:]) )
    | (?P<hex> (?<!\w)(?:0x[0-9a-fA-F]{1,64}|(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{8,64})(?!\w) )
    | (?P<word> (?<![\w-])[A-Za-z0-9_-]{12,64}(?![\w-]) )
    | (?P<n> (?<![A-Za-z0-9])\d+(?:[.,]\d+)* )
    """,
    re.VERBOSE,
)


@_remembering
def normalize_message(message: str) -> str:
    """The first MAX_MESSAGE characters with a placeholder for each value: quoted text, URL, e-mail
    address, UUID, date, IP address, opaque token, number in decimal or hex."""
    return " ".join(_VALUES.sub(_placeholder, message[:MAX_MESSAGE]).split())


def _placeholder(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "word":
        word = match[0]
        return "<id>" if _is_opaque(word) else _NUMBER_IN_WORD.sub("<n>", word)
    # Some hex numbers happen to have no letter in them.
    return "<n>" if kind == "hex" else f"<{kind}>"


_NUMBER_IN_WORD: Final = re.compile(r"(?<![A-Za-z0-9])\d+")

_EXTENSIONS: Final = frozenset(
    {
        *("js", "mjs", "cjs", "jsx", "ts", "tsx", "css", "html", "map", "hbc", "wasm"),
        *("svelte", "vue", "chunk", "min", "bundle", "module", "entry"),
    }
)
# Longer names are data, and the end is what tells them apart.
_MAX_NAME: Final = 200
# Rollup, Vite and esbuild cut their hashes to eight characters of base64url, or of base32.
_SHORT_HASH: Final = 8
_SEPARATORS: Final = ".-"
_LONG_HASH: Final = re.compile(r"(?:^|[.-])([0-9a-f]{8,64}|[A-Za-z0-9_]{16,64})$")
# A capital or a number inside: words have one ("CartPage", "error404"), hashes have more.
_IRREGULAR: Final = re.compile(r"(?<=.)[A-Z]|\d+(?=\D)")


@_remembering
def normalize_file(file: str) -> str:
    """Folder and name of a source file, without origin, query, ids and the hashes of its content:
    https://shop.example/assets/index-BxK3d9f2.js?v=3 -> assets/index-<hash>.js."""
    path = url_path(file.removeprefix("blob:")).replace("\\", "/")
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}][-KEPT_PARTS:]
    if not parts:
        return path[:_MAX_NAME]
    *folders, name = parts
    return "/".join([*map(_normalize_segment, folders), _without_hash(name[-_MAX_NAME:])])


def _without_hash(name: str) -> str:
    if _UUID.fullmatch(name):
        return "<id>"
    stem, suffix = name, ""
    while True:
        rest, dot, extension = stem.rpartition(".")
        if not dot or not rest or extension not in _EXTENSIONS:
            break
        stem, suffix = rest, f".{extension}{suffix}"
    before, short = stem[:-_SHORT_HASH], stem[-_SHORT_HASH:]
    if len(short) == _SHORT_HASH and before[-1:] in _SEPARATORS and _is_content_hash(short):
        return f"{before}<hash>{suffix}"
    if (tail := _LONG_HASH.search(stem)) and _is_content_hash(tail[1]):
        return f"{stem[: tail.start(1)]}<hash>{suffix}"
    return name


def _is_content_hash(text: str) -> bool:
    if _HEX.fullmatch(text) and any(letter.isdigit() for letter in text):
        return True
    return len(_IRREGULAR.findall(text)) > 1
