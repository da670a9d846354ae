"""The one exception tree, split by whose fault it is.

ManaError
├── ClientError            the request is at fault: answered with its status, never retried by us
│   ├── BadRequest 400       the request as a whole cannot be read
│   │   ├── InvalidReport      one report in it breaks the contract; names the field
│   │   └── SearchSyntax       a search that cannot be read; names the character
│   ├── Unauthorized 401     no or unknown token
│   ├── Forbidden 403        a token without the scope, or a key of another app
│   │   ├── ForeignOrigin      the app does not take reports from this web page
│   │   └── UnknownApp         a report of an app that is not registered
│   ├── NotFound 404
│   │   └── Moved 307          an issue that is part of another one now
│   ├── MethodNotAllowed 405
│   ├── Conflict 409
│   ├── TooLarge 413         a named limit in bytes or items is exceeded
│   ├── UnsupportedMedia 415 content type or encoding that we do not read
│   └── TooManyRequests 429  too often; says when to come again
│       └── OverQuota          an app has had its events of the hour, day or month
├── ServerError            we are at fault: safe to retry
│   ├── SpoolUnavailable 503   nothing durable can be promised now
│   ├── Overloaded 503         the process protects its memory or its time
│   ├── StoreUnavailable 503   PostgreSQL is away; reports are still accepted
│   └── Busy 503               more of it at once than we take
├── DeliveryError          a receiver of alerts is at fault
│   ├── Refused                it will never take this message
│   └── Unreachable            it may take it later
└── OperatorError          the installation is at fault: a command ends with it
    ├── BadSetting             a setting's value makes no sense (exit status 2)
    ├── DataDirInUse           another server owns the data directory
    └── DatabaseUnusable       wrong version, no rights, does not start
"""

from typing import ClassVar
from uuid import UUID


class ManaError(Exception):
    """Root of everything that this package raises on purpose."""


class ClientError(ManaError):
    """The request is at fault."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"


class BadRequest(ClientError):
    """The request as a whole cannot be read."""


class InvalidReport(BadRequest):
    """One report breaks the contract; the message names the field and the reason."""

    title = "Invalid report"


class SearchSyntax(BadRequest):
    """A search that cannot be read."""

    title = "Cannot read the search"

    def __init__(self, reason: str, position: int) -> None:
        """position: of the character that is wrong, 0 = the first."""
        super().__init__(f"q, character {position + 1}: {reason}")
        self.reason = reason
        self.position = position


class Unauthorized(ClientError):
    """No token, or one that we do not know."""

    status = 401
    title = "Unauthorized"


class Forbidden(ClientError):
    """The token lacks the scope."""

    status = 403
    title = "Forbidden"


class ForeignOrigin(Forbidden):
    """The app does not take reports from web pages of this origin."""


class UnknownApp(Forbidden):
    """The app is not registered, and none may register itself now."""


class NotFound(ClientError):
    """There is no such thing, or not for this token."""

    status = 404
    title = "Not found"


class Moved(NotFound):
    """An issue that is part of another one now. Not for good: a merge can be taken back."""

    status = 307
    title = "Merged"

    def __init__(self, issue: UUID, into: UUID) -> None:
        """into: the issue that its events are in."""
        super().__init__(f"issue {issue} is part of issue {into}")
        self.issue = issue
        self.into = into

    def path(self, asked: str, query: str) -> str:
        """What was asked for, of the issue that it is part of."""
        segments = [str(self.into) if self._is_named(part) else part for part in asked.split("/")]
        return "/".join(segments) + (f"?{query}" if query else "")

    def _is_named(self, segment: str) -> bool:
        try:
            return UUID(segment) == self.issue
        except ValueError:
            return False


class MethodNotAllowed(ClientError):
    """The path exists, the method does not."""

    status = 405
    title = "Method not allowed"


class Conflict(ClientError):
    """The change contradicts what is stored."""

    status = 409
    title = "Conflict"


class TooLarge(ClientError):
    """A named limit, in bytes or items, is exceeded."""

    status = 413
    title = "Too large"


class UnsupportedMedia(ClientError):
    """A content type or content encoding that we do not read."""

    status = 415
    title = "Unsupported media type"


class TooManyRequests(ClientError):
    """Too often."""

    status = 429
    title = "Too many requests"

    def __init__(self, message: str, retry_after_s: int, scope: str = "project") -> None:
        """scope: whose limit it is, in Sentry's words: organization, project or key."""
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.scope = scope


class OverQuota(TooManyRequests):
    """An app has had its events of the hour, day or month."""


class ServerError(ManaError):
    """We are at fault; the same request may succeed later."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "Unavailable"
    retry_after_s: ClassVar[int] = 5


class SpoolUnavailable(ServerError):
    """Nothing durable can be promised now: disk full, spool at its ceiling, or write failed."""


class Overloaded(ServerError):
    """The process protects its memory or its time; it recovers by itself."""


class StoreUnavailable(ServerError):
    """PostgreSQL is away. Reports are still accepted."""


class Busy(ServerError):
    """More of it at once than we take."""


class DeliveryError(ManaError):
    """A receiver of alerts is at fault. The message goes to the ledger: no secrets in it."""


class Refused(DeliveryError):
    """It will never take this message: HTTP 400, 404 or 410, an unknown address."""


class Unreachable(DeliveryError):
    """It may take it later: no connection, HTTP 429 or 5xx."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        """retry_after_s: what the receiver asks for."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class OperatorError(ManaError):
    """The installation is at fault; says what to do. Ends a command."""

    exit_status: ClassVar[int] = 1


class BadSetting(OperatorError):
    """A setting's value makes no sense."""

    exit_status = 2


class DataDirInUse(OperatorError):
    """Another server owns the data directory."""


class DatabaseUnusable(OperatorError):
    """PostgreSQL has the wrong version, lacks rights or does not start."""
