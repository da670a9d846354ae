"""Signed webhooks, by the Standard Webhooks specification: who receives one can tell that it is
ours, whole and new. What is sent is described by protocol/webhook.json."""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from mana_errors.alerts.client import Client, checked, taken
from mana_errors.alerts.message import Message, Receipt, Send, Story
from mana_errors.config import Settings
from mana_errors.errors import Refused
from mana_errors.model.alert import IssueFacts
from mana_errors.model.channel import Target, Webhook
from mana_errors.model.event import JsonObject
from mana_errors.model.rule import Fact

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32
# What the specification allows.
_KEY_SIZES: Final = range(24, 65)


class WebhookAlert(msgspec.Struct, frozen=True, rename="camel"):
    """A rule fired."""

    id: UUID
    at: datetime
    rule_id: UUID
    rule: Annotated[str, Meta(description="The rule's name.")]
    app: Annotated[str, Meta(description="The app's id.")]
    app_name: str
    fact: Annotated[
        Fact | None, Meta(description="What became of the issue; null: the rule counts.")
    ]
    reason: Annotated[JsonObject, Meta(description="Numbers of the decision.")]
    issue_id: UUID | None
    issue: Annotated[
        IssueFacts | None,
        Meta(description="As it stood when the rule fired; null: the alert is of the whole app."),
    ]
    url: Annotated[str, Meta(description="Of the issue's or the app's page.")]
    trend: Annotated[
        tuple[int, ...], Meta(description="Events an hour of the last 24, oldest first.")
    ]
    resolve_url: Annotated[str, Meta(description="Asks, then resolves the issue; works once.")]
    ignore_url: Annotated[str, Meta(description="Asks, then ignores it for a week; works once.")]


class WebhookData(msgspec.Struct, frozen=True, rename="camel"):
    """What is told together."""

    server: Annotated[str, Meta(description="URL of the server that sends this.")]
    alerts: Annotated[tuple[WebhookAlert, ...], Meta(description="Newest last; none in a test.")]
    more: Annotated[int, Meta(description="Alerts beyond these.")]


class WebhookBody(msgspec.Struct, frozen=True, rename="camel"):
    """The body of a webhook."""

    type: Literal["alerts", "test"]
    timestamp: Annotated[
        datetime, Meta(description="When the message was made: the same at each try.")
    ]
    data: WebhookData


class _Send:
    """Sends to one webhook."""

    def __init__(
        self, url: str, key: bytes, client: Client, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._key = key
        self._client = client
        self._clock = clock

    async def __call__(self, message: Message) -> Receipt:
        """Send it once. Raises Refused or Unreachable."""
        body = msgspec.json.encode(compose(message))
        stamp = str(int(self._clock()))
        headers = {
            "content-type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self._key, str(message.id), stamp, body),
        }
        return Receipt(taken(await self._client.post(self._url, body, headers)))


def make(target: Target, secret: str, client: Client, _: Settings) -> Send:
    """Raises Refused for an address or a key that is none."""
    assert isinstance(target, Webhook)  # noqa: S101 - the registry picks by kind
    checked(target.url)
    return _Send(target.url, _key(secret), client)


def new_secret() -> str:
    """A key, as libraries of the specification take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def compose(message: Message) -> WebhookBody:
    """What a message says."""
    alerts = tuple(_alert(story) for story in message.stories)
    kind = "alerts" if alerts else "test"
    return WebhookBody(
        kind, message.created_at, WebhookData(message.server_url, alerts, message.more)
    )


def sign(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    """The header webhook-signature."""
    signed = f"{message_id}.{stamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in _KEY_SIZES:
        raise Refused(f"the key must be {PREFIX} and 24 to 64 bytes in base64")
    return key


def _alert(story: Story) -> WebhookAlert:
    alert, firing = story.alert, story.alert.firing
    return WebhookAlert(
        id=alert.id,
        at=alert.at,
        rule_id=alert.rule_id,
        rule=firing.rule_name,
        app=alert.app_id,
        app_name=story.app_name,
        fact=firing.fact,
        reason=firing.reason,
        issue_id=alert.issue_id,
        issue=firing.issue,
        url=story.url,
        trend=story.trend,
        resolve_url=story.resolve_url,
        ignore_url=story.ignore_url,
    )
