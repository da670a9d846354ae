"""What becomes of a received event."""

from enum import StrEnum


class Outcome(StrEnum):
    """Closed set: every received event ends in exactly one."""

    # fsynced here and stored in PostgreSQL later
    ACCEPTED = "accepted"
    # breaks the contract; answered with 400
    INVALID = "invalid"
    # over a limit in bytes; answered with 413
    TOO_LARGE = "too_large"
    # the spool could not take it; answered with 503
    UNAVAILABLE = "unavailable"


class DigestOutcome(StrEnum):
    """What the digest did with an accepted event."""

    STORED = "stored"
    # its id is stored already: a resend
    DUPLICATE = "duplicate"
    # PostgreSQL refused it; kept with the reason in the dead-letter file
    DEAD_LETTER = "dead_letter"
