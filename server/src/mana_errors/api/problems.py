"""Errors as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec
from starlette.responses import Response

from mana_errors.errors import (
    ClientError,
    ManaError,
    Moved,
    SearchSyntax,
    ServerError,
    TooManyRequests,
)

MEDIA_TYPE: Final = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, for people and programs (RFC 9457)."""

    title: str
    status: int
    detail: str
    # "about:blank": the status says it all (RFC 9457, section 4.2.1)
    type: str = "about:blank"


class SearchProblem(Problem, frozen=True, kw_only=True):
    """Where a search cannot be read."""

    # of the character in `q`, 0 = the first
    position: int


class MovedProblem(Problem, frozen=True, kw_only=True, rename="camel"):
    """Where an issue is now."""

    merged_into: UUID


def problem(
    status: int, title: str, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """An answer of type application/problem+json."""
    body = msgspec.json.encode(Problem(title, status, detail))
    return Response(body, status, headers, MEDIA_TYPE)


def problem_of(error: ManaError) -> Response:
    """The answer that an exception of our tree stands for."""
    if isinstance(error, SearchSyntax):
        said = SearchProblem(
            title=error.title, status=error.status, detail=str(error), position=error.position
        )
        return Response(msgspec.json.encode(said), error.status, None, MEDIA_TYPE)
    if isinstance(error, Moved):
        said = MovedProblem(
            title=error.title, status=error.status, detail=str(error), merged_into=error.into
        )
        return Response(msgspec.json.encode(said), error.status, None, MEDIA_TYPE)
    if isinstance(error, ServerError | TooManyRequests):
        retry = {"Retry-After": str(error.retry_after_s)}
        return problem(error.status, error.title, str(error), retry)
    if isinstance(error, ClientError):
        headers = (
            {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
        )
        return problem(error.status, error.title, str(error), headers)
    return unexpected()


def unexpected() -> Response:
    """For what nobody foresaw: details go to the log, not to strangers."""
    return problem(500, "Internal error", "The server's log says more.")
