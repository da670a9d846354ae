"""Card numbers in text: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1).

Issuers of payment cards have 2 to 6 in front. Times in milli-, micro- and nanoseconds have 1 until
2033. Written in groups a number has four digits in the first and three to six in the others: UUIDs,
dates and most phone numbers do not.
"""

from __future__ import annotations

import re
from typing import Final, Iterator, List

from mana_errors_sdk.scrub.hidden import MARKER

_LEAST: Final = 13
_MOST: Final = 19

_number: Final = re.compile(r"[2-6][0-9]{12,18}|[2-6][0-9]{3}(?:[ -][0-9]{3,6}){2,5}", re.ASCII)
_digits: Final = re.compile("[0-9]+")


def has_cards(text: str) -> bool:
    """Whether scrub_cards may find something."""
    return _number.search(text) is not None


def scrub_cards(text: str) -> str:
    """The text with the marker in the place of each card number."""
    pieces: List[str] = []
    done = position = 0
    while match := _number.search(text, position):
        start, end = match.span()
        if _starts_apart(text, start):
            for candidate in _candidates(text, start, end):
                if _is_card(text[start:candidate]):
                    pieces += (text[done:start], MARKER)
                    done = position = candidate
                    break
        if position <= start:
            # behind this group: the next one may begin a number
            group = _digits.match(text, start)
            position = group.end() if group else end
    pieces.append(text[done:])
    return "".join(pieces)


def _candidates(text: str, start: int, end: int) -> Iterator[int]:
    """Where a number that starts at `start` may end, farthest first: behind a digit group."""
    while end - start >= _LEAST:
        if _ends_apart(text, end):
            yield end
        end = max(text.rfind(" ", start, end), text.rfind("-", start, end))


def _starts_apart(text: str, start: int) -> bool:
    """Not within a longer number, a decimal, a name or a hash."""
    before = text[max(start - 2, 0) : start]
    return not (_is_word(before[-1:]) or (before[-1:] == "." and _is_digit(before[:1])))


def _ends_apart(text: str, end: int) -> bool:
    behind = text[end : end + 2]
    return not (_is_word(behind[:1]) or (behind[:1] == "." and _is_digit(behind[1:])))


def _is_word(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")


def _is_digit(letter: str) -> bool:
    return letter.isascii() and letter.isdigit()


# digit -> digit of the checksum's doubled places
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _is_card(number: str) -> bool:
    digits = [int(letter) for letter in number if letter not in " -"]
    if not _LEAST <= len(digits) <= _MOST:
        return False
    total = sum(digits[-1::-2]) + sum(_DOUBLED[digit] for digit in digits[-2::-2])
    return total % 10 == 0
