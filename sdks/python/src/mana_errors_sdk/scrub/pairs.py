"""Secrets in `name=value` text: query strings, connection strings, headers, JSON or code inside a
message or a stack trace.

What names.py decides about fields holds here too, but for names that are short and part of common
words (`sid`, `pin`): those must stand alone.

Everything is linear in the text: Python's `re` goes back and forth, so no pattern here begins with
a repetition. A name is found by the stem within it and then taken to the left by hand.
"""

from __future__ import annotations

import re
from typing import Final, List, Tuple

from mana_errors_sdk.scrub.hidden import MARKER, Hidden
from mana_errors_sdk.scrub.names import VERDICTS

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
_SIGNS: Final = ("=", ":", "%3")
# Characters of a name around its stem; longer ones are nobody's.
_MOST_NAME: Final = 100
_FLAGS: Final = re.IGNORECASE | re.ASCII

# A text without any of these holds no pair; looking for words is much faster than for patterns.
# Each is the beginning, in lower case, of an alternative above.
_BEGINNINGS: Final = (
    *("pass", "pwd", "token", "secret", "api", "authorization", "cookie", "cred", "bearer", "jwt"),
    *("csrf", "xsrf", "otp", "cvv", "cvc", "ssn", "iban", "sess", "private", "access", "signing"),
    *("encryption", "master", "service", "account", "auth", "ssh", "card", "security"),
    *("connection", "amz-", "sid", "sig", "pin", "pan"),
)
_pair: Final = re.compile(
    rf"({_STEM}[a-z0-9_-]{{0,{_MOST_NAME}}}|(?<![a-z0-9]){_SHORT}){_AFTER}{_SIGN}", _FLAGS
)
_name: Final = re.compile(r"[a-z0-9_-]+", _FLAGS)
_brackets: Final = re.compile(r"[\[({\s]+", _FLAGS)
_inside: Final = re.compile(r"[^\])}\r\n]+")
_quote: Final = re.compile(r"(?:[bruf]{1,2}[\"']|\\*[\"'`])", _FLAGS)
# A scheme belongs to its token: "Authorization: Bearer abc".
_bare: Final = re.compile(
    r"(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?"
    r"(?:\[scrubbed\]|[^\s\"'`,;&)\]}<>])+",
    _FLAGS,
)
# These headers' values have spaces in them and are secret up to the end of the line.
_header: Final = re.compile(r"[a-z-]*(?:authorization|cookie)\s*:", _FLAGS)
_line: Final = re.compile(r"[^\r\n\"'`]+")
# Values that are no secret, and say much to whoever debugs a login.
_TELLING: Final = frozenset({"null", "none", "undefined", "true", "false", "nil", "nan"})
# "Unexpected token: punc (})": parsers speak of source code.
_SYNTAX: Final = "unexpected "


def has_pairs(lowered: str) -> bool:
    """Whether scrub_pairs may find something in a text that is given in lower case."""
    return any(beginning in lowered for beginning in _BEGINNINGS)


def scrub_pairs(text: str, hidden: Hidden) -> str:
    """The text with the marker in the place of each value whose name is secret."""
    if not any(sign in text for sign in _SIGNS):
        return text
    pieces: List[str] = []
    done = position = 0
    while match := _pair.search(text, position):
        name_start, position = _start_of_name(text, match.start(), position), match.end()
        name = text[name_start : match.end(1)]
        if not _is_secret(name, text, name_start):
            continue
        start, end = _value(text, name_start, position)
        if start < end and text[start:end].lower() not in _TELLING:
            pieces += (text[done:start], MARKER)
            hidden.remember(text[start:end])
            done = end
        position = max(position, end)
    pieces.append(text[done:])
    return "".join(pieces)


def _start_of_name(text: str, stem: int, searched: int) -> int:
    before = text[max(stem - _MOST_NAME, searched) : stem]
    # On a reversed text the rest of the name is at the beginning, where it is found in one go.
    rest = _name.match(before[::-1])
    return stem - rest.end() if rest else stem


def _is_secret(name: str, text: str, start: int) -> bool:
    if not VERDICTS[name]:
        return False
    before = text[max(start - len(_SYNTAX), 0) : start].lower()
    return not (before == _SYNTAX and name.lower() == "token")


def _value(text: str, name_start: int, position: int) -> Tuple[int, int]:
    """Start and end of the value behind a sign; start = end where there is nothing to hide."""
    if quote := _quote.match(text, position):
        return quote.end(), _closing(text, quote)
    if text.startswith(MARKER, position):
        return position, position
    if _header.match(text, name_start):
        line = _line.match(text, position)
        return (position, line.end()) if line else (position, position)
    return _unquoted(text, position)


def _unquoted(text: str, position: int) -> Tuple[int, int]:
    opened = _brackets.match(text, position)
    start = opened.end() if opened else position
    if opened and text.startswith(MARKER, start - 1):
        return start, start
    value = (_inside if opened else _bare).match(text, start)
    return (start, value.end()) if value else (start, start)


def _closing(text: str, opening: re.Match[str]) -> int:
    """Index of what closes a quoted value: the same quote behind as many backslashes.

    With n backslashes in front of the quotes, the text is JSON in JSON, and a quote within the
    value has more; full pairs of n + 1 are escaped backslashes. Without a closing quote the value
    ends with the line.
    """
    quote = opening.group()[-1:]
    depth = len(opening.group()) - 1 if opening.group().startswith("\\") else 0
    end = opening.end()
    while (found := text.find(quote, end)) != -1:
        value = text[end:found]
        slashes = len(value) - len(value.rstrip("\\"))
        if slashes >= depth and (slashes - depth) % (2 * (depth + 1)) == 0:
            return found - depth
        end = found + 1
    newline = text.find("\n", opening.end())
    return len(text) if newline == -1 else newline
