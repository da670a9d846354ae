"""Rules that fire become alerts, and one delivery for each channel."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from mana_errors import meters
from mana_errors.model.alert import Alert, Firing, IssueFacts
from mana_errors.model.decision import Check, Step
from mana_errors.model.ids import uuid7
from mana_errors.model.rule import Fact
from mana_errors.store import alerting
from mana_errors.store.alerting import Pair
from mana_errors.store.db import Connection
from mana_errors.triage.due import due_at
from mana_errors.triage.watch import Watched


class Fires(msgspec.Struct, frozen=True, eq=False):
    """A rule fires, for an issue or for an app as a whole."""

    watched: Watched
    app_id: str
    issue: UUID | None
    # what decided it
    step: Step


async def fire(connection: Connection, found: Sequence[Fires], now: datetime) -> None:
    """Write them down, with the issues as they stand, and when who is told."""
    if not found:
        return
    issues = {item.issue for item in found if item.issue is not None}
    facts = await alerting.facts_of(connection, issues) if issues else {}
    alerts = [_alert(item, facts.get(item.issue) if item.issue else None, now) for item in found]
    digesting = {item.watched.id for item in found if item.watched.rule.digest_minutes}
    waiting = await alerting.open_digests(connection, digesting, now) if digesting else {}
    told = [
        (alert.id, channel, _due(item.watched, alert, channel, waiting, now))
        for item, alert in zip(found, alerts, strict=True)
        for channel in item.watched.rule.channels
    ]
    await alerting.add(connection, alerts, told)
    meters.alerts.inc(len(alerts))


def _alert(fires: Fires, issue: IssueFacts | None, now: datetime) -> Alert:
    step = fires.step
    fact = Fact(step.numbers["fact"]) if step.check is Check.FACT else None
    reason = {name: value for name, value in step.numbers.items() if name != "fact"}
    firing = Firing(fires.watched.rule.name, fact, reason, issue)
    return Alert(uuid7(), now, fires.watched.id, fires.app_id, fires.issue, firing)


def _due(
    watched: Watched, alert: Alert, channel: UUID, waiting: dict[Pair, datetime], now: datetime
) -> datetime:
    """Also opens the digest that those after it share."""
    severity = alert.firing.issue.severity if alert.firing.issue is not None else None
    key = (watched.id, channel)
    due = due_at(watched.rule, severity, now, waiting.get(key))
    if due > now:
        waiting.setdefault(key, due)
    return due
