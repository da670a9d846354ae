"""Failed sign-ins: each failure makes the next attempt wait longer, for an e-mail address and for
a client address alike."""

from datetime import timedelta
from typing import Final, NamedTuple

from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("attempts")
# Longest wait: a person who mistyped often waits no longer, a machine gets 100 guesses a day.
LONGEST: Final = timedelta(minutes=15)
# After that long without a failure, all is forgotten.
REMEMBERED: Final = timedelta(days=1)


class Subject(NamedTuple):
    """What failures are counted for."""

    # email:<address> or address:<client>
    name: str
    # that many cost nothing
    free: int


async def attempt(connection: Connection, subject: Subject) -> int:
    """Count an attempt, or say how many seconds it must wait; 0: go on.

    It counts as failed until `forget` or `forgive`: many guesses at once are not one guess.
    """
    values = (subject.name, subject.free, LONGEST, REMEMBERED)
    if await connection.fetchval(_SQL["attempt"], *values) is not None:
        return 0
    return max(1, await connection.fetchval(_SQL["wait"], subject.name) or 0)


async def forgive(connection: Connection, subject: Subject) -> None:
    """Take one attempt back: it succeeded, or was not tried."""
    await connection.execute(_SQL["forgive"], subject.name)


async def forget(connection: Connection, subject: Subject) -> None:
    """Begin anew: it succeeded."""
    await connection.execute(_SQL["forget"], subject.name)


async def sweep(connection: Connection) -> None:
    """Forget those of long ago."""
    await connection.execute(_SQL["sweep"], REMEMBERED)
