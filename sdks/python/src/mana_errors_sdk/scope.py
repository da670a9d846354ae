"""What is known beside the error: user, tags, contexts, breadcrumbs and the request.

Each request, task or job has a scope of its own, found by a context variable. A scope is changed
in place, so what a thread pool or a child task adds is seen by the code that waits for it. Every
change is one operation of a dict or deque, which no other thread can see half done: there is no
lock that a fork or a signal handler could find taken.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Deque, Final, NamedTuple, Optional, Tuple, Union

from mana_errors_sdk.values import JsonObject, cut, plain, text_of

# The server keeps 100.
MAX_BREADCRUMBS: Final = 100
# The server keeps 200 of 200 and 1,000 characters.
MAX_TAGS: Final = 200
MAX_TAG_NAME: Final = 200
MAX_TAG: Final = 1_000
MAX_CONTEXTS: Final = 50

User = Union[str, int, Mapping[str, object]]


class ScopeState(NamedTuple):
    """A scope as it was when something was captured."""

    user: JsonObject
    tags: Mapping[str, str]
    contexts: JsonObject
    breadcrumbs: Tuple[JsonObject, ...]


class Scope:
    """What holds within one request, task or job, and in those that it starts. It inherits from
    the scope that it was opened in."""

    user: JsonObject
    tags: dict[str, str]
    contexts: JsonObject
    breadcrumbs: Deque[JsonObject]

    def __init__(self, parent: Scope) -> None:
        self._parent = parent

    def __getattr__(self, name: str) -> Any:
        """What was not looked at so far is a copy of the parent's: most requests pay for none."""
        if name not in Scope.__annotations__:
            raise AttributeError(name)
        # the same for two threads that look at once
        return self.__dict__.setdefault(name, getattr(self._parent, name).copy())

    def describe(self) -> Mapping[str, object]:
        """Contract fields (camelCase) that an integration knows, e.g. of the request. Called only
        when something is captured, in the thread that captures."""
        return self._parent.describe()

    def set_user(self, user: Optional[User]) -> None:
        """An id, or an object with id, email, username, name; None forgets the user."""
        if user is None:
            self.user = {}
        elif isinstance(user, Mapping):
            known = plain(user)
            self.user = known if isinstance(known, dict) else {}
        else:
            self.user = {"id": text_of(user)}

    def set_tag(self, name: str, value: object) -> None:
        """A short text to search by."""
        name = cut(text_of(name), MAX_TAG_NAME)
        if len(self.tags) < MAX_TAGS or name in self.tags:
            self.tags[name] = cut(text_of(value), MAX_TAG)

    def set_context(self, name: str, value: object) -> None:
        """Anything that helps to understand the error; None forgets it."""
        name = cut(text_of(name), MAX_TAG_NAME)
        if value is None:
            self.contexts.pop(name, None)
        elif len(self.contexts) < MAX_CONTEXTS or name in self.contexts:
            self.contexts[name] = plain(value)

    def add_breadcrumb(
        self, message: str, category: str, level: str, kind: str, data: Mapping[str, object]
    ) -> None:
        """What happened before the error."""
        crumb: JsonObject = {"at": time.time(), "message": cut(text_of(message), MAX_TAG)}
        optional = {"category": category, "level": level, "type": kind}
        crumb.update({name: text for name, text in optional.items() if text})
        if data:
            crumb["data"] = plain(data, 3)
        self.breadcrumbs.append(crumb)

    def state(self) -> ScopeState:
        """A copy for the worker."""
        return ScopeState(
            self.user, self.tags.copy(), self.contexts.copy(), tuple(self.breadcrumbs.copy())
        )


class Root(Scope):
    """The process's own scope: it inherits nothing."""

    def __init__(self) -> None:
        self.user = {}
        self.tags = {}
        self.contexts = {}
        self.breadcrumbs = deque(maxlen=MAX_BREADCRUMBS)

    def describe(self) -> Mapping[str, object]:
        """Nothing is known."""
        return {}


_global: Final = Root()
_current: Final[ContextVar[Optional[Scope]]] = ContextVar("mana_errors_scope", default=None)


def current_scope() -> Scope:
    """The scope of this context; the process's own where none was opened."""
    return _current.get() or _global


def process_scope() -> Scope:
    """What the program has said outside of all requests, tasks and jobs."""
    return _global


def new_child() -> Scope:
    """A scope that inherits what the current one has now."""
    scope = Scope(current_scope())
    for name in Scope.__annotations__:
        getattr(scope, name)
    return scope


def enter_scope(scope: Scope) -> Token[Optional[Scope]]:
    """Make it the current one. For integrations; see leave_scope."""
    return _current.set(scope)


def leave_scope(token: Token[Optional[Scope]]) -> None:
    """Close the scope that enter_scope opened."""
    try:  # noqa: SIM105 - suppress() takes as long as all else that a request costs
        _current.reset(token)
    except ValueError:
        # An async generator may be closed in another context, which never had this scope.
        pass


class new_scope:  # noqa: N801 - used as a function: `with new_scope() as scope:`
    """A scope for a block of code: what is set within holds there only."""

    def __enter__(self) -> Scope:
        self._token = enter_scope(new_child())
        return current_scope()

    def __exit__(
        self,
        _kind: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _traceback: Optional[TracebackType],
    ) -> None:
        leave_scope(self._token)
