"""What every wire form gives the pipeline, and what the pipeline gives back."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from mana_errors.ingest.answer import Answer
from mana_errors.ingest.discarded import Discarded
from mana_errors.ingest.origins import HeaderList
from mana_errors.ingest.report import Report

# Decodes one report; raises a ClientError when it cannot.
Draft = Callable[[], Report]


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An event that is ready for the spool."""

    app_id: str
    id: str
    payload: bytes


class Filtered(msgspec.Struct, frozen=True, gc=False):
    """An event that its app does not want."""

    app_id: str
    id: str


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A report that ends here, and why. The app is as far as it is known."""

    app_id: str
    error: Exception


Prepared = Accepted | Filtered | Refused


class Request(Protocol):
    """One request whose body is read."""

    @property
    def drafts(self) -> Sequence[Draft]:
        """Its reports, none of which is decoded yet."""
        ...

    @property
    def discarded(self) -> Sequence[Discarded]:
        """What the client says it did not send."""
        ...

    @property
    def dsn(self) -> str | None:
        """A DSN in the body, which names the key."""
        ...

    def answer(self, items: Sequence[Prepared], cors: HeaderList) -> Answer:
        """The answer, once what is accepted is durable. One item a draft, in order."""
        ...
