"""A token to be made: its parts, as the API and the page take them."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from mana_errors.model.member import BoundApps
from mana_errors.model.principal import Scope

_Scopes = Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=5)]
# Ten years: whoever wants longer wants none.
_Days = Annotated[int, Meta(ge=1, le=3650)]


class NewToken(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """What a token shall be."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    scopes: _Scopes
    apps: BoundApps = None
    expires_days: Annotated[_Days | None, Meta(description="Null: it works until revoked.")] = None

    @property
    def ttl(self) -> timedelta | None:
        """How long it works; None: until revoked."""
        return None if self.expires_days is None else timedelta(days=self.expires_days)
