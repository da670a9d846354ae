"""Identifiers."""

import random
import time
from collections.abc import Callable
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0x2 << 62
_RANDOM_A = (1 << 12) - 1
# Ids must be unique, not secret: a token guards what they name. os.urandom costs a system call.
_random_bits = random.Random().getrandbits  # noqa: S311 - see above


def uuid7(now_ns: int | None = None, random_bits: Callable[[int], int] = _random_bits) -> UUID:
    """UUID version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, 74 random bits.

    The 12 bits of rand_a hold the fraction of the millisecond (method 3 of section 6.2), so
    ids of one process sort in the order of their making to about 250 ns.
    """
    now = time.time_ns() if now_ns is None else now_ns
    millis, rest = divmod(now, 1_000_000)
    fraction = (rest << 12) // 1_000_000 & _RANDOM_A
    high = (millis & ((1 << 48) - 1)) << 80 | _VERSION_7 | fraction << 64
    return UUID(int=high | _VARIANT_RFC | random_bits(62))


def uuid7_millis(identifier: UUID) -> int | None:
    """Unix milliseconds in a version 7 id; None for any other version."""
    return identifier.int >> 80 if identifier.version == 7 else None  # noqa: PLR2004 the version itself
