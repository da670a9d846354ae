"""Passwords: argon2id in a thread, a few at a time.

A hash costs 40 ms of a core and 19 MiB. A flood of sign-ins may use one core's worth of that in
each worker; who comes while a queue waits is told to come later.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mana_errors.errors import BadRequest, Busy

# OWASP's advice for argon2id where memory is scarce.
MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
# NIST SP 800-63B asks for 15 where a password stands alone, 8 with a second factor; length is all
# that we ask for.
MIN_LENGTH: Final = 12
# Long passphrases are welcome, megabytes are not.
MAX_LENGTH: Final = 256
# At work at once in this process, and waiting.
AT_WORK: Final = 1
WAITING: Final = 20

_HASHER: Final = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


# What an unknown address is checked against, so that it takes as long as a known one: a hash of
# today's cost whose password nobody has.
DECOY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$oR1MeO28GIijonjCh/EMeQ"
    "$gkQuOngA2H5hc/SXqM/5asZD2cClbdHuZFXz8oap2XQ"
)
# "aaaaaaaaaaaa" and "121212121212" are long, too.
MIN_DIFFERENT: Final = 5


def check_strength(password: str, email: str) -> None:
    """Raise BadRequest for a password that is too short, too long, or guessed at once."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise BadRequest(f"password: between {MIN_LENGTH} and {MAX_LENGTH} characters")
    if password.lower() == email or len(set(password)) < MIN_DIFFERENT:
        raise BadRequest(f"password: {MIN_DIFFERENT} different characters, and not the address")


class Passwords:
    """Hashes and checks; one queue for a process."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_WORK)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """In PHC form. Raises Busy."""
        async with self._turn():
            return await asyncio.to_thread(_HASHER.hash, password)

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether it is the one; takes the same time where there is none. Raises Busy."""
        async with self._turn():
            matching = await asyncio.to_thread(_verify, known or DECOY, password)
        return matching and known is not None

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        if self._waiting >= WAITING:
            raise Busy("too many sign-ins at once")
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1


def is_outdated(known: str) -> bool:
    """Whether it was hashed at another cost than today's."""
    return _HASHER.check_needs_rehash(known)


def _verify(known: str, password: str) -> bool:
    try:
        # Nobody's password is longer, and hashing a megabyte takes time.
        return _HASHER.verify(known, password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
