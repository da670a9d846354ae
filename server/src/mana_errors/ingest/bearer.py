"""Who sent a request: the `sub` of its bearer token, or nobody.

A report is never refused for its token and never waits for it: keys are fetched beside (run), and
a token that proves nothing makes its reports anonymous.
"""

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeVar

from mana_errors import meters
from mana_errors.config import Settings
from mana_errors.ingest.verdict import Proof, Verdict

if TYPE_CHECKING:
    from mana_errors.ingest.verify import Verifier

T = TypeVar("T")

# Headers of common servers end at 8 KiB; JWTs with a user's whole profile are half of that.
MAX_TOKEN_BYTES: Final = 8 * 1024
# How long a verified token is believed without looking again, if it does not expire before.
BELIEVED_S: Final = 600.0
# How long a refused token is refused without looking again.
REFUSED_S: Final = 30.0
# Users of ten busy minutes, at some 300 bytes each.
MAX_BELIEVED: Final = 20_000
# Apart, so that garbage drives out no user.
MAX_REFUSED: Final = 2_000

_SCHEME: Final = b"bearer "
# Our own API tokens (store/tokens.py) say nothing about a user.
_OURS: Final = b"mana_"


class Bearer:
    """Reads bearer tokens as the settings say."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._verifier = _verifier(settings)
        self._believed: dict[bytes, Verdict] = {}
        self._refused: dict[bytes, tuple[Verdict, float]] = {}
        self._tallies = {proof: meters.Tally(meters.bearer.labels(proof)) for proof in Proof}

    def user(self, authorization: bytes) -> str | None:
        """The user that a request's Authorization proves; b"" = the request has none.

        Never raises, never waits. Needs a running event loop.
        """
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        token = authorization[len(_SCHEME) :].strip()
        if token.startswith(_OURS):
            return None
        verdict = self._judge(token)
        self._tallies[verdict.proof].inc()
        return verdict.user

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the key set fresh until told to stop."""
        if self._verifier is not None:
            await self._verifier.run(stopping, self._forget)

    def _judge(self, token: bytes) -> Verdict:
        if self._verifier is None:
            return _NOT_CONFIGURED
        if len(token) > MAX_TOKEN_BYTES:
            return _MALFORMED
        now = self._clock()
        # A token is a secret: even a memory dump need not show it.
        digest = sha256(token).digest()
        if (known := self._remembered(digest, now)) is not None:
            return known
        verdict = self._verifier.verify(token)
        self._remember(digest, verdict, now)
        return verdict

    def _remembered(self, digest: bytes, now: float) -> Verdict | None:
        believed = self._believed.get(digest)
        if believed is not None and believed.expires > now:
            return believed
        verdict, until = self._refused.get(digest, (None, 0.0))
        return verdict if until > now else None

    def _remember(self, digest: bytes, verdict: Verdict, now: float) -> None:
        if verdict.proof is Proof.VERIFIED:
            until = min(verdict.expires, now + BELIEVED_S)
            _make_room(self._believed, MAX_BELIEVED)
            self._believed[digest] = Verdict(Proof.CACHED, verdict.user, until)
        else:
            _make_room(self._refused, MAX_REFUSED)
            self._refused[digest] = (verdict, now + REFUSED_S)

    def _forget(self) -> None:
        """The keys changed: tokens of a withdrawn one prove nothing any more, others may."""
        self._believed.clear()
        self._refused.clear()


_NOT_CONFIGURED: Final = Verdict(Proof.NOT_CONFIGURED)
_MALFORMED: Final = Verdict(Proof.MALFORMED)


def _verifier(settings: Settings) -> "Verifier | None":
    if not settings.jwks_url and not settings.jwt_secret:
        return None
    # 0.3 s and 25 MB, which servers without users' tokens need not pay
    from mana_errors.ingest.verify import Verifier  # noqa: PLC0415

    return Verifier(settings)


def _make_room(kept: dict[bytes, T], limit: int) -> None:
    while len(kept) >= limit:
        # the oldest: dicts keep their order
        del kept[next(iter(kept))]
