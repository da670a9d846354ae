"""What a health check says."""

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One thing that must work, and what is wrong with it."""

    name: str
    ok: bool
    detail: str
