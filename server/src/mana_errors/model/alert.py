"""Alerts: that a rule fired, and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.model.delivery import Delivery
from mana_errors.model.event import JsonObject, Severity
from mana_errors.model.query import PageQuery, Texts
from mana_errors.model.rule import Fact


class IssueFacts(msgspec.Struct, frozen=True, rename="camel"):
    """An issue as it stood when a rule fired for it."""

    title: str
    error_type: str
    culprit: str
    severity: Severity
    environment: str | None
    # of its latest event
    release: str | None
    count: int
    users: int
    first_seen: datetime
    last_seen: datetime


class Firing(msgspec.Struct, frozen=True, rename="camel"):
    """Why a rule fired. Kept with the alert, so that it says so when the issue is long gone."""

    rule_name: str
    # what happened, for Becomes; null for other triggers
    fact: Fact | None
    # numbers of the decision: {"events": 120, "minutes": 5, "from": 100}, {"release": "1.2"}, …
    reason: Annotated[JsonObject, Meta(description="Numbers of the decision.")]
    # null: of an app as a whole
    issue: IssueFacts | None


class Alert(msgspec.Struct, frozen=True, rename="camel"):
    """One firing of a rule."""

    id: UUID
    at: datetime
    rule_id: UUID
    app_id: str
    issue_id: UUID | None
    firing: Firing


class AlertDetail(Alert, frozen=True, rename="camel", kw_only=True):
    """One firing of a rule, and what became of telling it."""

    deliveries: tuple[Delivery, ...] = ()


class AlertQuery(PageQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which alerts; newest first."""

    app: Texts = ()
    issue: UUID | None = None
    rule: UUID | None = None
