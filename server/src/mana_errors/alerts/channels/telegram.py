"""Telegram: HTML, as a bot.

Links are text: an inline button whose address Telegram does not like (http://localhost) makes it
refuse the whole message; such a link it only shows as text.
"""

import html
import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from mana_errors.alerts.card import Card, tell
from mana_errors.alerts.channels.posting import answered, post_json
from mana_errors.alerts.client import MAX_RETRY_AFTER_S, Client, taken
from mana_errors.alerts.message import Message, Receipt, Send
from mana_errors.config import Settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Target, Telegram
from mana_errors.model.event import Severity

API: Final = "https://api.telegram.org"
# core.telegram.org/bots/api#sendmessage: "1-4096 characters after entities parsing"
MAX_TEXT: Final = 4_096
_TOKEN: Final = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,100}")
_TAG: Final = re.compile(r"<[^>]*>")
_MARKS: Final = {
    Severity.DEBUG: "⚪",
    Severity.INFO: "🔵",
    Severity.WARNING: "🟡",
    Severity.ERROR: "🟠",
    Severity.CRITICAL: "🔴",
}


def make(target: Target, secret: str, client: Client, _: Settings) -> Send:
    """Raises Refused for what is no bot's token."""
    assert isinstance(target, Telegram)  # noqa: S101 - the registry picks by kind
    if not _TOKEN.fullmatch(secret):
        raise Refused("a bot's token looks like 123456789:ABC…")
    return partial(send, target, secret, client)


class _Parameters(msgspec.Struct, frozen=True):
    # core.telegram.org/bots/api#responseparameters: seconds; in the body, not in a header
    retry_after: Annotated[float, Meta(ge=0)] | None = None


class _Result(msgspec.Struct, frozen=True):
    message_id: int | None = None


class _Said(msgspec.Struct, frozen=True):
    parameters: _Parameters = _Parameters()
    result: _Result = _Result()


async def send(target: Telegram, secret: str, client: Client, message: Message) -> Receipt:
    """Post it; an issue's messages answer its first one."""
    answer = await post_json(client, f"{API}/bot{secret}/sendMessage", compose(message, target))
    said = answered(answer, _Said)
    try:
        taken(answer, (secret,))
    except Unreachable as error:
        wait = said.parameters.retry_after
        if wait is None:
            raise
        raise Unreachable(str(error), min(wait, MAX_RETRY_AFTER_S)) from None
    started = said.result.message_id
    return Receipt(f"HTTP {answer.status}", message.thread or (str(started) if started else None))


def compose(message: Message, target: Telegram) -> dict[str, Any]:
    """What is posted."""

    def build(cards: Sequence[Card], more: str) -> str:
        parts = [_shown(card, short=len(cards) > 1) for card in cards]
        return "\n\n".join([*parts, _escape(more)] if more else parts)

    payload: dict[str, Any] = {
        "chat_id": target.chat,
        "text": tell(message, target.language, build, lambda text: visible(text) <= MAX_TEXT),
        "parse_mode": "HTML",
        # a preview would open our links before people do
        "link_preview_options": {"is_disabled": True},
    }
    if message.thread and message.thread.isdecimal():
        reply = {"message_id": int(message.thread), "allow_sending_without_reply": True}
        payload["reply_parameters"] = reply
    return payload


def visible(text: str) -> int:
    """Length as Telegram counts it: UTF-16 units, without tags."""
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2


def _shown(card: Card, *, short: bool) -> str:
    rows = [f"{row.label}: <b>{_escape(row.value)}</b>" for row in card.rows]
    first = card.links[0]
    lines = [
        f"{_MARKS[card.severity]} <b>{_escape(card.headline)}</b>",
        f'<a href="{_escape(first.url)}">{_escape(card.title)}</a>',
        f"<code>{_escape(card.culprit)}</code>" if card.culprit and not short else "",
        " · ".join(rows) if short else "\n".join(rows),
        f"<code>{card.trend}</code>" if card.trend else "",
        " · ".join(
            f'<a href="{_escape(link.url)}">{_escape(link.label)}</a>' for link in card.links
        ),
        "" if short else f"<i>{_escape(card.why)}</i>",
    ]
    return "\n".join(line for line in lines if line)


def _escape(text: str) -> str:
    """core.telegram.org/bots/api#html-style: these, and quotes in attributes."""
    return html.escape(text, quote=True).replace("&#x27;", "&#39;")
