"""What a message says: the alerts that are told together, with what readers want to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from mana_errors.alerts.links import WORKS_FOR, Act, Deed, Links
from mana_errors.alerts.message import MAX_TOLD, Message, Story
from mana_errors.model.alert import Alert
from mana_errors.model.channel import Email, Target
from mana_errors.model.ids import uuid7_millis
from mana_errors.store import deliveries
from mana_errors.store.db import Connection
from mana_errors.store.deliveries import Claimed, Told

# Stands in an e-mail's target for all owners that may sign in.
OWNERS: Final = "owners"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Work:
    """A message and where it goes."""

    channel: Claimed
    message: Message
    # each has one recipient
    targets: Sequence[Target]
    # who has it already, of several
    told: dict[str, Told]


async def gather(connection: Connection, channel: Claimed, links: Links, server_url: str) -> Work:
    """All that sending needs. A message without stories: its alerts are gone."""
    ids = [picked.alert_id for picked in channel.picked if picked.alert_id is not None]
    alerts = await deliveries.alerts_of(connection, ids)
    shown = [alert for alert, _ in alerts[-MAX_TOLD:]]
    issues = {alert.issue_id for alert in shown if alert.issue_id is not None}
    now = datetime.now(UTC)
    trends = await deliveries.trends(connection, issues, now)
    telling = _Telling(channel.id, links, server_url, trends, now)
    told_of = {alert.issue_id for alert, _ in alerts}
    issue = next(iter(told_of)) if len(told_of) == 1 else None
    message = Message(
        id=channel.message_id,
        created_at=made_at(channel.message_id),
        stories=tuple(telling.story(alert, app) for alert, app in alerts[-MAX_TOLD:]),
        more=max(len(alerts) - MAX_TOLD, 0),
        server_url=server_url,
        issue=issue,
        thread=issue and await deliveries.thread_of(connection, issue, channel.id),
    )
    targets = await targets_of(connection, channel.target)
    told = await deliveries.told(connection, message.id) if len(targets) > 1 else {}
    return Work(channel, message, targets, told)


def made_at(message_id: UUID) -> datetime:
    """When a message was made: its id says so."""
    return _EPOCH + timedelta(milliseconds=uuid7_millis(message_id) or 0)


async def targets_of(connection: Connection, target: Target) -> list[Target]:
    """A target for each recipient. E-mail's are those that did not ask for no more."""
    if not isinstance(target, Email):
        return [target]
    given = [address for address in target.to if address != OWNERS]
    if OWNERS in target.to:
        given += await deliveries.owners(connection)
    by_key = {address.lower(): address for address in given}
    muted = await deliveries.muted(connection, list(by_key))
    return [
        msgspec.structs.replace(target, to=(address,))
        for key, address in by_key.items()
        if key not in muted
    ]


@dataclass(frozen=True, slots=True)
class _Telling:
    """What all stories of a message share."""

    channel_id: UUID
    links: Links
    server_url: str
    trends: dict[UUID, tuple[int, ...]]
    now: datetime

    def story(self, alert: Alert, app: str) -> Story:
        issue = alert.issue_id
        path = f"/?app={quote(alert.app_id, safe='')}" if issue is None else f"/issues/{issue}"
        return Story(
            alert=alert,
            app_name=app or alert.app_id,
            url=self.server_url + path,
            trend=() if issue is None else self.trends.get(issue, ()),
            resolve_url=self._link(alert, Deed.RESOLVE),
            ignore_url=self._link(alert, Deed.IGNORE),
        )

    def _link(self, alert: Alert, deed: Deed) -> str:
        works = alert.issue_id is not None and self.now - alert.at < WORKS_FOR
        return self.links.act(Act(deed, alert.id, self.channel_id)) if works else ""
