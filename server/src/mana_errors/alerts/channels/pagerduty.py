"""PagerDuty: Events API v2. One event a story; an issue's stories are one incident."""

import re
from functools import partial
from typing import Any, Final

from mana_errors.alerts.card import Card, make_cards
from mana_errors.alerts.channels.posting import post_json
from mana_errors.alerts.client import Client, taken
from mana_errors.alerts.message import Message, Receipt, Send, Story
from mana_errors.alerts.text import clip
from mana_errors.config import Settings
from mana_errors.errors import Refused
from mana_errors.model.channel import PagerDuty, Target
from mana_errors.model.event import Severity

# developer.pagerduty.com/docs/events-api-v2: where; and the service region of the EU.
API: Final = "https://events.pagerduty.com/v2/enqueue"
API_EU: Final = "https://events.eu.pagerduty.com/v2/enqueue"
# developer.pagerduty.com, "Send an alert event": payload.summary; dedup_key. Of the event 512 KB.
MAX_SUMMARY: Final = 1_024
MAX_KEY: Final = 255
_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
# It knows four.
SEVERITIES: Final = {
    Severity.DEBUG: "info",
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
    Severity.CRITICAL: "critical",
}


def make(target: Target, secret: str, client: Client, _: Settings) -> Send:
    """Raises Refused for what is no routing key."""
    assert isinstance(target, PagerDuty)  # noqa: S101 - the registry picks by kind
    if not _KEY.fullmatch(secret):
        raise Refused("a routing key has 32 letters and digits")
    return partial(send, target, secret, client)


async def send(target: PagerDuty, secret: str, client: Client, message: Message) -> Receipt:
    """Post all of its events. One that comes twice, after a try that failed halfway, is one."""
    detail = ""
    for event in compose(message, target.language):
        body = {"routing_key": secret, **event}
        answer = await post_json(client, API_EU if target.eu else API, body)
        detail = taken(answer, (secret,))
    return Receipt(detail)


def compose(message: Message, language: str) -> list[dict[str, Any]]:
    """What is posted, but for the routing key."""
    cards = make_cards(message, language)
    if not message.stories:
        return [_event(message, cards[0], f"test:{message.id}", "mana-errors")]
    events = [
        _event(message, card, _key(story), story.alert.app_id) | _of(story)
        for card, story in zip(cards, message.stories, strict=True)
    ]
    if message.more:
        events[-1]["payload"]["custom_details"]["more"] = message.more
    return events


def _of(story: Story) -> dict[str, Any]:
    return {"client_url": story.url}


def _key(story: Story) -> str:
    """Of the incident: an issue's, or a rule's about an app."""
    alert = story.alert
    return str(alert.issue_id or f"{alert.rule_id}:{alert.app_id}")


def _event(message: Message, card: Card, key: str, source: str) -> dict[str, Any]:
    rows = {row.label: row.value for row in card.rows}
    details = {**rows, "culprit": card.culprit, "trend": card.trend, "rule": card.why}
    return {
        "event_action": "trigger",
        "dedup_key": clip(f"mana-errors:{key}", MAX_KEY),
        "client": "Mana Errors",
        "client_url": message.server_url,
        "links": [{"href": link.url, "text": link.label} for link in card.links],
        "payload": {
            "summary": clip(f"{card.headline}: {card.title}", MAX_SUMMARY),
            "source": source,
            "severity": SEVERITIES[card.severity],
            "timestamp": message.created_at.isoformat(),
            "custom_details": {name: value for name, value in details.items() if value},
        },
    }
