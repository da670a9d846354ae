"""What readers of the audit log ask for and see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.event import JsonObject
from mana_errors.model.query import Cursor, Limit, Texts


class AuditQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """Which entries; newest first."""

    actor: Texts = ()
    action: Texts = ()
    app: Texts = ()
    limit: Limit = 25
    cursor: Cursor | None = None


class AuditEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One change, and by whom."""

    id: UUID
    at: datetime
    actor: Annotated[
        str, Meta(description="`member:<e-mail>`, `token:<name>`, `command` or `server`.")
    ]
    action: Annotated[str, Meta(description="As `member.role`.")]
    subject: Annotated[str, Meta(description="What it was done to.")]
    app: Annotated[str | None, Meta(description="The app it concerns; null: the server.")]
    details: JsonObject
    address: Annotated[str, Meta(description="Of the client; empty where there is none.")]
