"""Microsoft Teams: an Adaptive Card, by the URL of a workflow.

All texts are in `RichTextBlock`, whose runs are values: a `TextBlock` would read Markdown out of
what strangers wrote.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from mana_errors.alerts.card import Card, subject_of, tell
from mana_errors.alerts.channels.posting import post_json
from mana_errors.alerts.client import Client, checked, taken
from mana_errors.alerts.message import Message, Receipt, Send
from mana_errors.config import Settings
from mana_errors.model.channel import Target, Teams
from mana_errors.model.event import Severity

# learn.microsoft.com, "Microsoft Teams connector: known issues": "approximately 28 KB" with what
# Teams adds; cards of 21 KB have been seen to be refused.
MAX_BYTES: Final = 18_000
# learn.microsoft.com, "Designing Adaptive Cards for Teams": what all its clients know.
VERSION: Final = "1.4"
# learn.microsoft.com, "Adaptive Cards: ActionSet": more are hidden.
MAX_ACTIONS: Final = 6
_COLOURS: Final = {
    Severity.DEBUG: "default",
    Severity.INFO: "accent",
    Severity.WARNING: "warning",
    Severity.ERROR: "attention",
    Severity.CRITICAL: "attention",
}
_STYLES: Final = _COLOURS | {Severity.DEBUG: "emphasis"}


def make(target: Target, secret: str, client: Client, _: Settings) -> Send:
    """Raises Refused for what is no web address."""
    assert isinstance(target, Teams)  # noqa: S101 - the registry picks by kind
    checked(secret)
    return partial(send, target, secret, client)


async def send(target: Teams, secret: str, client: Client, message: Message) -> Receipt:
    """Post it."""
    answer = await post_json(client, secret, compose(message, target.language))
    return Receipt(taken(answer, (secret,)))


def compose(message: Message, language: str) -> dict[str, Any]:
    """What is posted."""

    def build(cards: Sequence[Card], more: str) -> dict[str, Any]:
        short = len(cards) > 1
        body = [_shown(card, short=short) for card in cards]
        last = more or cards[-1].why
        body.append(_rich([_run(last, size="small", isSubtle=True)]))
        return {
            "$schema": "https://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": VERSION,
            "msteams": {"width": "Full"},
            # what notifications and lists of chats show
            "fallbackText": subject_of(message, language),
            "body": body,
        }

    def fits(card: dict[str, Any]) -> bool:
        return len(msgspec.json.encode(card)) <= MAX_BYTES

    card = tell(message, language, build, fits)
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [content]}


def _shown(card: Card, *, short: bool) -> dict[str, Any]:
    items = [
        _rich([_run(card.headline, weight="bolder", color=_COLOURS[card.severity])]),
        _rich([_run(card.title, weight="bolder", size="default" if short else "medium")]),
    ]
    if card.culprit and not short:
        items.append(_rich([_run(card.culprit, fontType="monospace", size="small")]))
    if card.rows:
        items.append(_rich(_row(card)))
    if card.trend:
        items.append(_rich([_run(card.trend, fontType="monospace")]))
    items.append({"type": "ActionSet", "actions": _actions(card)})
    style = _STYLES[card.severity]
    return {"type": "Container", "style": style, "bleed": True, "separator": True, "items": items}


def _row(card: Card) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    for row in card.rows:
        runs += [_run(f"{row.label} ", isSubtle=True), _run(row.value, weight="bolder")]
        runs.append(_run("  ·  ", isSubtle=True))
    return runs[:-1]


def _actions(card: Card) -> list[dict[str, Any]]:
    return [
        {"type": "Action.OpenUrl", "title": link.label, "url": link.url}
        for link in card.links[:MAX_ACTIONS]
    ]


def _rich(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **style: object) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
