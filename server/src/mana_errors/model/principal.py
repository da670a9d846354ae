"""Who asks: a member with a session, or a script with a token; and what they may do."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from mana_errors.errors import Forbidden, NotFound

# Ids of the apps whose data somebody sees and changes; None: all.
Apps = frozenset[str] | None
Scope = Literal["ingest", "read", "triage", "artifacts", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


class Role(StrEnum):
    """What a member may do, from most to least."""

    # all, and the only one who makes, changes and removes owners
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


SCOPES_OF: Final[dict[Role, frozenset[Scope]]] = {
    Role.OWNER: frozenset({"read", "triage", "artifacts", "admin"}),
    Role.ADMIN: frozenset({"read", "triage", "artifacts", "admin"}),
    Role.MEMBER: frozenset({"read", "triage"}),
    Role.VIEWER: frozenset({"read"}),
}


class Principal(msgspec.Struct, frozen=True):
    """Who a request comes from."""

    # member:<e-mail> or token:<name>; as in the audit log
    name: str
    scopes: frozenset[str]
    apps: Apps
    # None for a token
    role: Role | None = None
    # of the client
    address: str = ""
    # of the member and of the session in use; None for a token
    member_id: UUID | None = None
    session_id: UUID | None = None

    def may(self, scope: Scope) -> bool:
        """Whether they have a scope; `admin` has all."""
        return scope in self.scopes or "admin" in self.scopes

    def must(self, scope: Scope) -> None:
        """Raise Forbidden without a scope."""
        if not self.may(scope):
            raise Forbidden(f"{self.name} lacks the scope {scope!r}")

    def must_see_all(self) -> None:
        """Raise Forbidden for who is bound to some apps: people and tokens are the server's."""
        if self.apps is not None:
            raise Forbidden(f"{self.name} is bound to some apps, this needs all")

    def sees(self, app_id: str) -> bool:
        """Whether an app's data is theirs to see."""
        return self.apps is None or app_id in self.apps

    def must_see(self, app_id: str) -> None:
        """Raise NotFound for a foreign app: its existence is nobody else's business either."""
        if not self.sees(app_id):
            raise NotFound("there is no such thing, or not for you")

    def must_see_each(self, app_ids: Iterable[str] | None) -> None:
        """Raise Forbidden or NotFound unless they see all of these apps; None: all that there
        are."""
        if app_ids is None:
            self.must_see_all()
        for app_id in app_ids or ():
            self.must_see(app_id)
