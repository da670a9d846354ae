"""What messages say, in English and German."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from mana_errors.alerts.words import english, german

Words: TypeAlias = Mapping[str, str]
LANGUAGES: Final[Mapping[str, Words]] = {"en": english.WORDS, "de": german.WORDS}


def counted(count: int, one: str, words: Words) -> str:
    """ "1 event", "120 events": the words of `one` and `one`s."""
    return words[one if count == 1 else f"{one}s"].format(number(count))


def span(minutes: int, words: Words) -> str:
    """A while, in the largest unit that it is whole in: 90 minutes, 2 hours."""
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes and minutes % size == 0:
            return counted(minutes // size, unit, words)
    return counted(minutes, "minute", words)


def number(value: int) -> str:
    """Digits in groups; U+202F, a narrow space, does it in every language."""
    return f"{value:,}".replace(",", "\u202f")
