"""Releases, and which of two is the later one. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

# Semantic versioning, and what people write for it: `v` in front, two to four numbers, and the
# package that Sentry's SDKs put before it (`shop@1.2.3`). One number alone may be a commit's hash.
_VERSION: Final = re.compile(
    r"(?:(?P<package>.+)@)?v?(?P<numbers>[0-9]+(?:\.[0-9]+){1,3})"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z.-]*)?"
)
_NUMBERS: Final = 4

_Identifier = tuple[int, int, str]


class Version(NamedTuple):
    """A version that parses; compares by precedence within one package."""

    package: str
    numbers: tuple[int, ...]
    # 1: it has no pre-release part, and comes after all that have
    final: int
    # numbers before words
    pre: tuple[_Identifier, ...]


class Release(msgspec.Struct, frozen=True):
    """A version of an app, and since when it is known."""

    version: str
    # None: not seen yet
    first_seen: datetime | None = None


def parse_version(text: str) -> Version | None:
    """None for what has no order of its own: names, dates, hashes."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    padded = (*numbers, *[0] * (_NUMBERS - len(numbers)))
    pre = found["pre"]
    identifiers = tuple(_identifier(part) for part in pre.split(".")) if pre else ()
    return Version(found["package"] or "", padded, int(not pre), identifiers)


def _identifier(part: str) -> _Identifier:
    return (0, int(part), "") if part.isdigit() else (1, 0, part)


def is_later(one: Release, other: Release) -> bool:
    """Whether `one` comes after `other`: by version where both have an order, else by when each was
    first seen. What was not seen yet is still to come."""
    mine, others = parse_version(one.version), parse_version(other.version)
    if mine and others and mine.package == others.package and mine != others:
        return mine > others
    if one.version == other.version or other.first_seen is None:
        return False
    return one.first_seen is None or one.first_seen > other.first_seen


def reaches(one: Release, other: Release) -> bool:
    """Whether `one` is the other release, in whatever spelling, or comes after it."""
    version = parse_version(one.version)
    same = version is not None and version == parse_version(other.version)
    return same or one.version == other.version or is_later(one, other)


def latest(releases: Iterable[Release]) -> Release | None:
    """The one that no other of them comes after. Give those in order of time where versions and
    names are mixed, which have no order together."""
    found: Release | None = None
    for release in releases:
        if found is None or is_later(release, found):
            found = release
    return found
