"""What is said about releases."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from mana_errors.model.action import ReleaseName
from mana_errors.model.activity import WebAddress, check_web_address
from mana_errors.model.query import Text, Time


class Deployment(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """A release of an app is out."""

    app: Text
    version: ReleaseName
    deployed_at: Annotated[Time | None, Meta(description="Null: now.")] = None
    url: Annotated[
        WebAddress | None, Meta(description="Of its notes or its changes: http or https.")
    ] = None

    def __post_init__(self) -> None:
        """As with links of issues."""
        if self.url is not None:
            check_web_address(self.url)


class ReleaseDetail(msgspec.Struct, frozen=True, rename="camel"):
    """A version of an app, and what came of it."""

    app: str
    version: str
    first_seen: Annotated[
        datetime, Meta(description="Its first event, or the deployment if that was earlier.")
    ]
    last_seen: Annotated[datetime | None, Meta(description="Null: no event.")]
    events: int
    new_issues: Annotated[int, Meta(description="Problems whose first event it had.")]
    deployed_at: datetime | None
    url: str | None
