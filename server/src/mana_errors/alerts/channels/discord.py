"""Discord: embeds, by a channel's webhook."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from mana_errors.alerts.card import COLOURS, Card, tell
from mana_errors.alerts.channels.posting import post_json
from mana_errors.alerts.client import Client, checked, taken
from mana_errors.alerts.message import Message, Receipt, Send
from mana_errors.alerts.text import fit
from mana_errors.config import Settings
from mana_errors.model.channel import Discord, Target

# discord.com/developers/docs, "Message resource: embed limits" and "Webhook: execute".
MAX_EMBEDS: Final = 10
MAX_TITLE: Final = 256
MAX_FIELD: Final = 1_024
MAX_FOOTER: Final = 2_048
# of titles, descriptions, fields, footers of all embeds together; descriptions alone have 4,096
MAX_TOTAL: Final = 6_000
_MAX_LINE: Final = 700
# All that Discord's Markdown, mentions and automatic links begin with; its parser takes a backslash
# before any of them.
_SPECIAL: Final = re.compile(r"([\\*_~`|<>#\-\[\]()@:])")


def make(target: Target, secret: str, client: Client, _: Settings) -> Send:
    """Raises Refused for what is no web address."""
    assert isinstance(target, Discord)  # noqa: S101 - the registry picks by kind
    checked(secret)
    return partial(send, target, secret, client)


async def send(target: Discord, secret: str, client: Client, message: Message) -> Receipt:
    """Post it."""
    answer = await post_json(client, secret, compose(message, target.language))
    return Receipt(taken(answer, (secret,)))


def compose(message: Message, language: str) -> dict[str, Any]:
    """What is posted."""

    def build(cards: Sequence[Card], more: str) -> list[dict[str, Any]]:
        embeds = [_embed(card, short=len(cards) > 1) for card in cards]
        embeds[-1]["footer"] = {"text": fit(more or cards[-1].why, MAX_FOOTER, str)}
        return embeds

    def fits(embeds: list[dict[str, Any]]) -> bool:
        return len(embeds) <= MAX_EMBEDS and size_of(embeds) <= MAX_TOTAL

    return {
        # nobody is called, whatever the text says
        "allowed_mentions": {"parse": []},
        "embeds": tell(message, language, build, fits),
    }


def size_of(embeds: Sequence[dict[str, Any]]) -> int:
    """Characters, as Discord counts them."""
    return sum(
        len(embed["title"])
        + len(embed["description"])
        + len(embed.get("footer", {}).get("text", ""))
        + sum(len(field["name"]) + len(field["value"]) for field in embed.get("fields", ()))
        for embed in embeds
    )


def _embed(card: Card, *, short: bool) -> dict[str, Any]:
    rows = [f"{row.label}: {_escape(row.value)}" for row in card.rows]
    lines = [
        f"**{_escape(card.headline)}**",
        "" if short else fit(card.culprit, _MAX_LINE, _escape),
        " · ".join(rows) if short else "",
        f"`{card.trend}`" if card.trend else "",
        " · ".join(f"[{link.label}]({link.url})" for link in card.links),
    ]
    embed: dict[str, Any] = {
        "title": fit(card.title, MAX_TITLE, _escape),
        "url": card.links[0].url,
        "description": "\n".join(line for line in lines if line),
        "color": COLOURS[card.severity],
    }
    if not short:
        embed["fields"] = [
            {"name": row.label, "value": fit(row.value, MAX_FIELD, _escape), "inline": True}
            for row in card.rows
        ]
    return embed


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
