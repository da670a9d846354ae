"""What becomes of a received event."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Outcome(StrEnum):
    """Closed set: every received event ends in exactly one of these, ACCEPTED excepted, which
    becomes what the digest makes of it."""

    # fsynced here and stored in PostgreSQL later; for meters, never in the ledger
    ACCEPTED = "accepted"
    # breaks the contract; answered with 400
    INVALID = "invalid"
    # over a limit in bytes; answered with 413
    TOO_LARGE = "too_large"
    # a key that is unknown, revoked or another app's, or none where one is needed: 401 or 403
    UNAUTHORIZED = "unauthorized"
    # an app that is not registered, where none may register itself: 403
    UNKNOWN_APP = "unknown_app"
    # a token bucket of address, key or app was empty: 429
    RATE_LIMITED = "rate_limited"
    # the app is over its quota: 429
    QUOTA = "quota"
    # the app's filters do not want it: 201
    FILTERED = "filtered"
    # the spool could not take it, or the server protects itself: 503
    UNAVAILABLE = "unavailable"
    # its body is in PostgreSQL
    STORED = "stored"
    # counted, but its body was sampled out
    SAMPLED = "sampled"
    # its id is stored already: a resend
    DUPLICATE = "duplicate"
    # PostgreSQL refused it; kept with the reason in the dead-letter file
    DEAD_LETTER = "dead_letter"
    # The last two never came here: an app's SDK counted them.
    # its own sampling or filter did not want it
    CLIENT_FILTERED = "client_filtered"
    # its queue was full, the network failed, or it obeyed our limits
    CLIENT_LOST = "client_lost"


# What is no part of `received`.
CLIENT_OUTCOMES = frozenset({Outcome.CLIENT_FILTERED, Outcome.CLIENT_LOST})


class DigestOutcome(StrEnum):
    """What the digest did with an accepted event."""

    STORED = "stored"
    SAMPLED = "sampled"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead_letter"


class OutcomeCount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of the ledger: how many events of one app ended so in one minute."""

    # registered apps only, so that strangers cannot make lines; empty = not known
    app_id: str
    outcome: Outcome
    # UTC, whole minute of receipt
    minute: datetime
    count: int


class Refusals(msgspec.Struct, frozen=True, gc=False):
    """What ingest refused since it last said so. Travels through the spool as a record of its own
    (a map, where an event is an array), so each is added to the ledger exactly once."""

    counts: list[OutcomeCount]


class AppDay(msgspec.Struct, frozen=True, gc=False):
    """What one app's stored events of one day take."""

    app_id: str
    # UTC, of occurred_at
    day: date
    events: int
    # as the spool held them
    bytes: int


class OutcomeBucket(msgspec.Struct, frozen=True):
    """One app's ledger over one minute, hour or day."""

    start: datetime
    received: Annotated[int, Meta(description="The sum of `counts`, without `client_…`.")]
    counts: Annotated[dict[Outcome, int], Meta(description="Outcomes that there were.")]


class Outcomes(msgspec.Struct, frozen=True):
    """What became of an app's events. Minutes that are long past are kept by the hour."""

    items: list[OutcomeBucket]
    received: int
    totals: dict[Outcome, int]
    # all are on one page
    next: None = None
