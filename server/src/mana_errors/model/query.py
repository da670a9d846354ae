"""What readers ask for: query parameters and cursors."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.errors import BadRequest
from mana_errors.model.event import Severity
from mana_errors.model.issue import IssueStatus
from mana_errors.model.search import (
    Compare,
    Match,
    Operator,
    Pattern,
    Search,
    Subject,
    all_of,
    any_of,
    parse_search,
)
from mana_errors.model.search.parse import MAX_LENGTH

S = TypeVar("S", bound=msgspec.Struct)

# PostgreSQL's text holds none; parse_query says so more kindly, this is for the API's document.
NO_NUL = r"^[^\x00]*$"
# As long as the longest identifier that a report may carry (fingerprint).
Text = Annotated[str, Meta(max_length=256, pattern=NO_NUL)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=50, description="Comma-separated: any of.")]
Query = Annotated[
    str,
    Meta(
        max_length=MAX_LENGTH,
        pattern=NO_NUL,
        description="Words, found in any case, and fields, as `is:unresolved release:1.*`; "
        "`listSearchFields` lists them.",
    ),
]
Limit = Annotated[int, Meta(ge=1, le=100, description="Items a page.")]
# Twice as long as the longest that we make.
Cursor = Annotated[str, Meta(max_length=200, description="`next` of the page before.")]
Time = Annotated[datetime, Meta(tz=True, description="ISO 8601 with a zone.")]
Environments = Annotated[
    tuple[str, ...], Meta(description="Comma-separated: any of, as the clients name them.")
]
Severities = Annotated[tuple[Severity, ...], Meta(description="Comma-separated: any of.")]
Statuses = Annotated[tuple[IssueStatus, ...], Meta(description="Comma-separated: any of.")]


class IssueSort(StrEnum):
    """Orders of issues, all descending."""

    LAST_SEEN = "lastSeen"
    FIRST_SEEN = "firstSeen"
    COUNT = "count"
    USERS = "users"
    # occurrences in the last 24 hours
    TREND = "trend"


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class AnyQuery(msgspec.Struct, frozen=True):
    """Parameters are ignored: probes and scrapers add their own."""


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which page of a list that has one order and no filters."""

    limit: Limit = 25
    cursor: Cursor | None = None


class IssueQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """Which issues, in which order."""

    app: Texts = ()
    environment: Environments = ()
    severity: Severities = ()
    status: Statuses = ()
    q: Query = ""
    sort: IssueSort = IssueSort.LAST_SEEN
    limit: Limit = 25
    cursor: Cursor | None = None

    def search(self) -> Search:
        """All that is asked for, as one. Raises SearchSyntax."""
        return all_of(
            [
                *_matching("app", self.app),
                *_matching("environment", self.environment),
                *_comparing("severity", self.severity),
                *_comparing("is", self.status),
                parse_search(self.q, Subject.ISSUES),
            ]
        )


class IssueEventQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """Which of an issue's events; newest first."""

    q: Query = ""
    environment: Environments = ()
    release: Texts = ()
    user: Texts = ()
    since: Time | None = msgspec.field(default=None, name="from")
    until: Time | None = msgspec.field(default=None, name="to")
    limit: Limit = 25
    cursor: Cursor | None = None

    def search(self) -> Search:
        """All that is asked for, but the times, as one. Raises SearchSyntax."""
        return all_of(
            [
                *_matching("environment", self.environment),
                *_matching("release", self.release),
                *_matching("user", self.user),
                parse_search(self.q, Subject.EVENTS),
            ]
        )


class EventQuery(IssueEventQuery, frozen=True, rename="camel", kw_only=True):
    """Which events; newest first."""

    app: Texts = ()
    severity: Severities = ()
    error_code: Texts = ()
    type: Texts = ()
    fingerprint: Texts = ()

    def search(self) -> Search:
        """All that is asked for, but the times, as one. Raises SearchSyntax."""
        return all_of(
            [
                *_matching("app", self.app),
                *_comparing("severity", self.severity),
                *_matching("code", self.error_code),
                *_matching("type", self.type),
                *_matching("fingerprint", self.fingerprint),
                # super() finds no class that msgspec has made anew
                IssueEventQuery.search(self),
            ]
        )


def _matching(field: str, values: Sequence[str]) -> list[Search]:
    """A parameter's values, as a search says it: any of them; without any, nothing is asked."""
    terms = [Match(field, Pattern((value,))) for value in values]
    return [any_of(terms)] if terms else []


def _comparing(field: str, values: Sequence[Severity | IssueStatus]) -> list[Search]:
    terms = [Compare(field, Operator.EQUAL, value) for value in values]
    return [any_of(terms)] if terms else []


class Resolution(StrEnum):
    """How long one item of a series lasts, in UTC."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class OutcomeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which stretch of the ledger; at most 1,500 items, whole ones. Default: the last day."""

    since: Time | None = msgspec.field(default=None, name="from")
    until: Time | None = msgspec.field(default=None, name="to")
    resolution: Resolution = Resolution.HOUR


def parse_query(kind: type[S], pairs: Iterable[tuple[str, str]]) -> S:
    """Typed parameters of a query string; an empty value means not given, as forms send it.

    Raises BadRequest naming the parameter.
    """
    given: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in pairs:
        if "\0" in name or "\0" in text:
            raise BadRequest("a parameter holds a NUL character")
        if text:
            given[name].append(text)
    lists = _list_fields(kind)
    values = {
        name: _split(texts) if name in lists else _only(name, texts)
        for name, texts in given.items()
    }
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error).replace("Object contains", "The query has")) from error


@cache
def _list_fields(kind: type[msgspec.Struct]) -> frozenset[str]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 - kind is a Struct
    return frozenset(field.encode_name for field in info.fields if _is_list(field.type))


def _is_list(kind: msgspec.inspect.Type) -> bool:
    # A description wraps the type that it describes.
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    return isinstance(kind, msgspec.inspect.VarTupleType)


def _split(texts: list[str]) -> list[str]:
    return [part for text in texts for part in text.split(",")]


def _only(name: str, texts: list[str]) -> str:
    if len(texts) > 1:
        raise BadRequest(f"{name}: given more than once")
    return texts[0]


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends: the last item's sort key and id."""

    sort: str
    key: Annotated[datetime, Meta(tz=True)] | Annotated[int, Meta(ge=0, le=2**63 - 1)]
    id: UUID


def encode_cursor(position: Position) -> str:
    """Opaque to clients, safe in URLs."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, sort: str) -> Position:
    """Raises BadRequest for what encode_cursor did not make, or made for another order."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.json.decode(raw, type=Position)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("cursor: not one that this list gave") from error
    if position.sort != sort or isinstance(position.key, datetime) != sort.endswith(_TIMES):
        raise BadRequest("cursor: made for another order")
    return position


# Orders whose key is a time.
_TIMES = ("Seen", "occurredAt", "at")


def in_utc(time: datetime) -> datetime:
    """The same instant in UTC. Raises BadRequest at the ends of the calendar."""
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest(f"{time.isoformat()}: no such time in UTC") from error
