"""What a bearer token proved."""

from enum import StrEnum

import msgspec


class Proof(StrEnum):
    """Closed set; a label of the counter of bearer tokens."""

    VERIFIED = "verified"
    # verified a short while ago
    CACHED = "cached"
    EXPIRED = "expired"
    # not valid yet
    IMMATURE = "immature"
    BAD_SIGNATURE = "bad_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    # an algorithm that we do not take, or not with that key: `none`, HMAC with a public key
    WRONG_ALGORITHM = "wrong_algorithm"
    # signed by a key that is not in the key set
    UNKNOWN_KEY = "unknown_key"
    # no JWT, or without what a user's token needs
    MALFORMED = "malformed"
    # no key set could be fetched
    UNAVAILABLE = "unavailable"
    # there is no setting by which such a token could be verified
    NOT_CONFIGURED = "not_configured"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """About one token."""

    proof: Proof
    # the token's `sub`; None unless verified
    user: str | None = None
    # seconds since 1970 at which the token expires, as it says itself
    expires: float = 0.0
