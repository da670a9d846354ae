"""A request as a curl command, to be run by whoever reads the event.

A stranger wrote the request, and somebody will paste the command into a terminal: whatever curl or
the shell would take for more than text is quoted, escaped or left out.
"""

import re
import shlex
from typing import Final
from urllib.parse import urlsplit

import msgspec

from mana_errors.model.event import JsonObject

# RFC 9110, 5.6.2. Anything else is no header; curl reads "@file" as a file of the reader's.
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What curl sets itself, and what would be wrong for another body.
_OWN: Final = frozenset({"host", "content-length", "connection", "accept-encoding"})
_SCHEMES: Final = frozenset({"http", "https"})


def curl(url: str, method: str, headers: JsonObject | None, body: JsonObject | None) -> str | None:
    """The command; None for what is no web request."""
    if not _is_web(url):
        return None
    parts = [f"curl --globoff --url {quote(url)}"]
    if method and _TOKEN.fullmatch(method) and method != "GET":
        parts.append(f"-X {quote(method)}")
    for name, value in (headers or {}).items():
        if _TOKEN.fullmatch(name) and name.lower() not in _OWN and isinstance(value, str):
            parts.append(f"-H {quote(f'{name}: {value}')}")
    if body:
        parts.append(f"--data-raw {quote(msgspec.json.encode(body).decode())}")
    return " \\\n  ".join(parts)


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in _SCHEMES
    except ValueError:
        return False


def quote(text: str) -> str:
    """One word of a shell, whatever it holds; control characters are written out, so that a
    terminal that it is pasted into sees none."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(_written(character) for character in escaped)}'"


def _written(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - of the basic plane
