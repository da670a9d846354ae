"""Card numbers in text: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1).

Issuers of payment cards have 2 to 6 in front. Times in milli-, micro- and nanoseconds have 1 until
2033. Written in groups a number has four digits in the first and three to six in the others: UUIDs,
dates and most phone numbers do not.
"""

from collections.abc import Iterator
from typing import Final

from mana_errors.ingest.scrub.effort import FINDING, Effort
from mana_errors.ingest.scrub.marker import MARKER_BYTES
from mana_errors.ingest.scrub.rx import compile_pattern

_LEAST: Final = 13
_MOST: Final = 19

# Whatever scrub_cards finds in a string, this finds in the string's JSON.
CARD_IN_JSON: Final = (
    r"(?:^|[^0-9.]|[^0-9]\.)"
    r"(?:[2-6][0-9]{12}|[2-6][0-9]{3}[ -][0-9]{3,6}[ -][0-9]{3,6})"
)
_number: Final = compile_pattern(r"[2-6][0-9]{12,18}|[2-6][0-9]{3}(?:[ -][0-9]{3,6}){2,5}")
_digits: Final = compile_pattern("[0-9]+")


def scrub_cards(text: bytes, effort: Effort) -> bytes:
    """The text with the marker in the place of each card number. Raises TooMuch."""
    pieces: list[bytes] = []
    done = position = 0
    while match := _number.search(text, position):
        effort.spend(FINDING)
        start, end = match.start(), match.end()
        if _starts_apart(text, start):
            for candidate in _candidates(text, start, end):
                if _is_card(text[start:candidate]):
                    pieces += (text[done:start], MARKER_BYTES)
                    done = position = candidate
                    break
        if position <= start:
            # behind this group: the next one may begin a number
            group = _digits.match(text, start)
            position = group.end() if group else end
    pieces.append(text[done:])
    return b"".join(pieces)


def _candidates(text: bytes, start: int, end: int) -> Iterator[int]:
    """Where a number that starts at `start` may end, farthest first: behind a digit group."""
    while end - start >= _LEAST:
        if _ends_apart(text, end):
            yield end
        end = max(text.rfind(b" ", start, end), text.rfind(b"-", start, end))


def _starts_apart(text: bytes, start: int) -> bool:
    """Not within a longer number, a decimal, a name or a hash."""
    before = text[max(start - 2, 0) : start]
    return not (_is_word(before[-1:]) or (before[-1:] == b"." and before[:1].isdigit()))


def _ends_apart(text: bytes, end: int) -> bool:
    behind = text[end : end + 2]
    return not (_is_word(behind[:1]) or (behind[:1] == b"." and behind[1:].isdigit()))


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"


# ASCII digit -> ASCII digit of the checksum's doubled places
_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")
_JOINTS: Final = b" -"


def _is_card(number: bytes) -> bool:
    digits = number.translate(None, _JOINTS)
    if not _LEAST <= len(digits) <= _MOST:
        return False
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED))
    return (total - len(digits) * ord("0")) % 10 == 0
