"""What a route is. All routes are in listing.py."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from mana_errors.api.health import Readiness
from mana_errors.api.problems import Problem
from mana_errors.config import Settings
from mana_errors.errors import NotFound
from mana_errors.model.principal import Apps, Principal, Scope
from mana_errors.store.audit import Actor
from mana_errors.store.reader import Reader

Q = TypeVar("Q", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct)


class NoBody(msgspec.Struct, frozen=True):
    """No request body."""


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with."""

    reader: Reader
    readiness: Readiness
    settings: Settings

    @property
    def address(self) -> str:
        """URL of the server, for links; no slash at its end."""
        return self.settings.address


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request to a route, checked and typed."""

    services: Services
    # on public routes NOBODY
    principal: Principal
    path: Mapping[str, str]
    query: Q
    body: B

    @property
    def reader(self) -> Reader:
        """Where issues and events are read."""
        return self.services.reader

    @property
    def apps(self) -> Apps:
        """Ids of the apps whose data the caller sees and changes; None: all."""
        return self.principal.apps

    @property
    def actor(self) -> Actor:
        """Who the audit log says it was."""
        return Actor(self.principal.name, self.principal.address)

    @property
    def id(self) -> UUID:
        """The path's {id}. Raises NotFound."""
        return self.uuid("id")

    def uuid(self, name: str) -> UUID:
        """An id in the path. Raises NotFound for what is no UUID: nothing can have that name."""
        try:
            return UUID(self.path[name])
        except ValueError as error:
            raise NotFound(f"the {name} in the path is no UUID") from error


Handler = Callable[[Call[Q, B]], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[Q, B]):
    """One operation of the API: enough to serve it, to document it and to test it."""

    method: str
    path: str
    operation: str
    summary: str
    # None = public
    scope: Scope | None
    query: type[Q]
    body: type[B]
    # a type that msgspec can encode; None: status 204
    answer: Any
    errors: tuple[int, ...]
    # None: another app serves it, here it is only documented
    handler: Handler[Q, B] | None
    status: int = 200
    # it is about the whole server: whoever is bound to some apps gets 403
    all_apps: bool = False
    # callers on this machine need no token
    open_here: bool = False
    # what an error looks like
    refusal: type[msgspec.Struct] = Problem
    # of the answer
    media: tuple[str, ...] = ("application/json",)
    # request headers that matter: name and meaning
    headers: tuple[tuple[str, str], ...] = ()
