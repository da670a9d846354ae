"""Secrets in `name=value` text: query strings, connection strings, headers, JSON or code inside a
message or a stack trace.

What names.py decides about fields holds here too, but for names that are short and part of common
words (`sid`, `pin`): those must stand alone.
"""

from typing import Final

from mana_errors.ingest.scrub.effort import FINDING, STRING, Effort
from mana_errors.ingest.scrub.marker import MARKER_BYTES, PLACEHOLDERS
from mana_errors.ingest.scrub.names import VERDICTS
from mana_errors.ingest.scrub.rx import Match, compile_pattern

_STEM: Final = (
    r"(?:pass|pwd|token|secret|api[ _-]?key|authorization|cookie|credential|creds|bearer|jwt"
    r"|[cx]srf|otp|cv[vc]|ssn|iban|sess(?:ion)?[ _-]?id"
    r"|(?:private|access|signing|encryption|master|service|account|auth|ssh)[ _-]?key"
    r"|card[ _-]?n|credit[ _-]?card|security[ _-]?code|connection[ _-]?string|amz-)"
)
_SHORT: Final = r"(?:sid|sig|pin|pan|auth)"
# "user[password]", also percent-encoded, and a quote of any JSON depth behind the name
_AFTER: Final = r"(?:\]|%5D)*\\*[\"'`]?\s*"
_SIGN: Final = r"(?:=>|=+|:=?|%3D|%3A)\s*"

_pair: Final = compile_pattern(
    rf"(?i)([a-z0-9_-]*{_STEM}[a-z0-9_-]*|\b(?:[a-z0-9_-]*[_-])?{_SHORT}){_AFTER}{_SIGN}"
)
# Whatever _pair finds in a string, this finds in the string's JSON. A bare quote ends a string
# there, so it may not stand between name and sign: else every field would look like such text.
PAIR_IN_JSON: Final = (
    rf"(?i)(?:{_STEM}[a-z0-9_-]*|(?:\b|_|\\[bfnrt]){_SHORT})"
    r"(?:\]|%5D)*(?:\\+[\"nrtf]|[\\'`\s])*(?:[:=]|%3D|%3A)"
)

_brackets: Final = compile_pattern(r"[\[({\s]+")
_inside: Final = compile_pattern(r"[^\])}\r\n]+")
_quote: Final = compile_pattern(r"(?i)(?:[bruf]{1,2}[\"']|\\*[\"'`])")
# A scheme belongs to its token: "Authorization: Bearer abc".
_bare: Final = compile_pattern(
    r"(?i)(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?"
    r"(?:\[scrubbed\]|[^\s\"'`,;&)\]}<>])+"
)
# These headers' values have spaces in them and are secret up to the end of the line.
_header: Final = compile_pattern(r"(?i)[a-z-]*(?:authorization|cookie)\s*:")
_line: Final = compile_pattern(r"[^\r\n\"'`]+")
# Values that are no secret, and say much to whoever debugs a login.
_TELLING: Final = frozenset(
    {b"null", b"none", b"undefined", b"true", b"false", b"nil", b"nan"}
    | {text.lower().encode() for text in PLACEHOLDERS}
)
# "Unexpected token: punc (})": parsers speak of source code.
_SYNTAX: Final = b"unexpected "


def scrub_pairs(text: bytes, effort: Effort) -> bytes:
    """The text with the marker in the place of each value whose name is secret. Raises TooMuch."""
    pieces: list[bytes] = []
    done = position = 0
    while match := _pair.search(text, position):
        effort.spend(FINDING)
        position = match.end()
        if not _is_secret(match, text):
            continue
        start, end = _value(text, match, effort)
        if start < end and text[start:end].lower() not in _TELLING:
            pieces += (text[done:start], MARKER_BYTES)
            effort.remember(text[start:end].decode("utf-8", "replace"))
            done = end
        position = max(position, end)
    pieces.append(text[done:])
    return b"".join(pieces)


def _is_secret(match: Match, text: bytes) -> bool:
    if not VERDICTS[match.group(1).decode()]:
        return False
    start = match.start()
    before = text[max(start - len(_SYNTAX), 0) : start].lower()
    return not (before == _SYNTAX and match.group(1).lower() == b"token")


def _value(text: bytes, match: Match, effort: Effort) -> tuple[int, int]:
    """Start and end of the value behind a sign; start = end where there is nothing to hide."""
    position = match.end()
    if quote := _quote.match(text, position):
        return quote.end(), _closing(text, quote, effort)
    if text.startswith(MARKER_BYTES, position):
        return position, position
    if _header.match(text, match.start()):
        line = _line.match(text, position)
        return (position, line.end()) if line else (position, position)
    return _unquoted(text, position)


def _unquoted(text: bytes, position: int) -> tuple[int, int]:
    opened = _brackets.match(text, position)
    start = opened.end() if opened else position
    if opened and text.startswith(MARKER_BYTES, start - 1):
        return start, start
    value = (_inside if opened else _bare).match(text, start)
    return (start, value.end()) if value else (start, start)


def _closing(text: bytes, opening: Match, effort: Effort) -> int:
    """Index of what closes a quoted value: the same quote behind as many backslashes.

    With n backslashes in front of the quotes, the text is JSON in JSON, and a quote within the
    value has more; full pairs of n + 1 are escaped backslashes. Without a closing quote the value
    ends with the line.
    """
    quote = opening.group()[-1:]
    depth = len(opening.group()) - 1 if opening.group().startswith(b"\\") else 0
    end = opening.end()
    while (found := text.find(quote, end)) != -1:
        effort.spend(STRING)
        value = text[end:found]
        slashes = len(value) - len(value.rstrip(b"\\"))
        if slashes >= depth and (slashes - depth) % (2 * (depth + 1)) == 0:
            return found - depth
        end = found + 1
    newline = text.find(b"\n", opening.end())
    return len(text) if newline == -1 else newline
