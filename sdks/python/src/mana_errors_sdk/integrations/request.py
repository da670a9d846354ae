"""What integrations know of the request that is being served."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Callable, Final, Optional

from mana_errors_sdk.integrations.body import Body, JsonObject
from mana_errors_sdk.integrations.work import Mechanism, report
from mana_errors_sdk.scope import Scope, process_scope

# From here on the app itself failed; below, it answered what it was asked.
SERVER_ERROR: Final = 500
# Their bodies mean nothing (RFC 9110), so nothing is put in the way of reading them.
BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# More is no length, and int() refuses thousands of them.
_LENGTH_DIGITS: Final = 18
_NO_BODY: Final = Body()
_OWN_NAMES: Final = ("id", "pk", "user_id", "sub", "username")
_PROPERTIES: Final = ("identity", "display_name")


class Request(Scope):
    """One request, and the scope of what is captured meanwhile; each gateway has a subclass that
    knows how to read it. What most requests never need is an attribute of the class: making a
    request must cost next to nothing."""

    mechanism: Mechanism
    body = _NO_BODY
    # of the answer, once it began
    status: Optional[int] = None
    # what a handler of the framework turned into the answer; an error of ours only if that answer
    # says so
    failure: Optional[BaseException] = None
    # by the framework's integration: its pattern of the path, as /orders/{id}, and its user
    found_route: Optional[str] = None
    found_user: Optional[Callable[[], Any]] = None

    def __init__(self) -> None:
        # Not the current scope: a connection's reader may run in the context of its last request.
        super().__init__(process_scope())

    def method(self) -> Optional[str]:
        """GET, POST, …; None of a WebSocket."""
        raise NotImplementedError

    def url(self) -> str:
        """As the client wrote it, as far as that is known."""
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        """Names in lower case."""
        raise NotImplementedError

    def length(self) -> int:
        """Of the body; 0 where there is none, or none whose length was said."""
        said = self.said_length()
        is_length = said.isdecimal() and len(said) <= _LENGTH_DIGITS
        return int(said) if is_length and self.method() not in BODILESS else 0

    def said_length(self) -> str:
        """As the client wrote it."""
        return self.headers().get("content-length", "")

    def signed_in(self) -> Optional[str]:
        """Whom the framework or the server let in."""
        return user_id(self.found_user()) if self.found_user else None

    def route(self) -> Optional[str]:
        """The framework's pattern of the path."""
        return self.found_route

    def failed(self, error: BaseException) -> None:
        """The app has no good answer because of this."""
        report(error, self.mechanism)
        self.failure = None

    def describe(self) -> JsonObject:
        """The contract's fields of a report, and the route; what is unknown is left out."""
        headers = self.headers()
        found = {
            "requestUrl": self.url(),
            "requestMethod": self.method(),
            "requestHeaders": headers,
            "requestBody": self.body.read(headers.get("content-type", ""), self.length()),
            "responseStatusCode": self.status,
            "userAgent": headers.get("user-agent"),
            "userId": self.signed_in(),
            "payload": {"transaction": route} if (route := self.route()) else None,
        }
        return {name: value for name, value in found.items() if value is not None}


def user_id(user: Any) -> Optional[str]:
    """The id of whatever a framework keeps as its user. Only what lies in memory is read: an
    attribute of a database model may be a query, which has no place in a failing request."""
    if not getattr(user, "is_authenticated", user is not None):
        return None
    if isinstance(user, (str, int)):
        return str(user)
    own: Any = user if hasattr(user, "keys") else getattr(user, "__dict__", None)
    names: Iterator[Any] = map(own.get, _OWN_NAMES) if own else _attributes(user, _OWN_NAMES)
    found = chain(names, _attributes(user, _PROPERTIES))
    return next((str(value) for value in found if value), None)


def _attributes(user: Any, names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        try:
            yield getattr(user, name, None)
        except NotImplementedError:
            continue
