"""Slack: Block Kit, by an incoming webhook or as a bot.

What strangers wrote is in `rich_text`, whose texts are values: no markup, no mention, no link is
read out of them. Links are text: a button that opens a page also asks the app for an answer, and
shows a warning where there is none (slackapi/slack-github-action#513).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from mana_errors.alerts.card import Card, subject_of, tell
from mana_errors.alerts.channels.posting import answered, post_json
from mana_errors.alerts.client import Answer, Client, checked, taken
from mana_errors.alerts.message import Message, Receipt, Send
from mana_errors.alerts.text import clip, one_line
from mana_errors.config import Settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import Slack, Target
from mana_errors.model.event import Severity

API: Final = "https://slack.com/api/chat.postMessage"
# docs.slack.dev, "Block Kit: blocks": of a message; three of ours a card, and one for the rest.
MAX_BLOCKS: Final = 50
# Not documented: at about 13,200 bytes of blocks comes msg_blocks_too_long (slackapi/bolt-js#2509).
MAX_BYTES: Final = 12_000
# What notifications show; docs.slack.dev, "chat.postMessage" advises 4,000 at most.
MAX_TEXT: Final = 300
# docs.slack.dev, "chat.postMessage: errors": those that pass.
PASSING: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
     "request_timeout", "team_added_to_org"}
)  # fmt: skip
_GONE_THREAD: Final = "thread_not_found"
_BOT_TOKEN: Final = "xox"  # noqa: S105 - what each begins with
_MARKS: Final = {
    Severity.DEBUG: "white_circle",
    Severity.INFO: "large_blue_circle",
    Severity.WARNING: "large_yellow_circle",
    Severity.ERROR: "large_orange_circle",
    Severity.CRITICAL: "red_circle",
}


def make(target: Target, secret: str, client: Client, _: Settings) -> Send:
    """Raises Refused for what is neither a web address nor a bot's token, and a bot without a
    conversation."""
    assert isinstance(target, Slack)  # noqa: S101 - the registry picks by kind
    if not secret.startswith(_BOT_TOKEN):
        checked(secret)
    elif not target.conversation:
        raise Refused("a bot needs a conversation: the id of a channel, as C0123456789")
    return partial(send, target, secret, client)


class _Said(msgspec.Struct, frozen=True):
    ok: bool = False
    error: str = "no answer of Slack's"
    # of the message; names the thread that it begins
    ts: str | None = None


async def send(target: Slack, secret: str, client: Client, message: Message) -> Receipt:
    """Post it; as a bot, an issue's messages make one thread."""
    payload = compose(message, target.language)
    if not secret.startswith(_BOT_TOKEN):
        return Receipt(taken(await post_json(client, secret, payload), (secret,)))
    thread = message.thread
    answer = await _post(client, secret, target, payload, thread)
    if answered(answer, _Said).error == _GONE_THREAD:
        thread = None
        answer = await _post(client, secret, target, payload, thread)
    taken(answer, (secret,))
    said = answered(answer, _Said)
    if not said.ok:
        # Slack answers 200 to what it refuses
        reason = one_line(said.error, MAX_TEXT)
        raise Unreachable(reason) if reason in PASSING else Refused(reason)
    # later ones continue what began the thread
    return Receipt(f"HTTP {answer.status}", thread or said.ts)


async def _post(
    client: Client, token: str, target: Slack, payload: dict[str, Any], thread: str | None
) -> Answer:
    body = {"channel": target.conversation, **payload}
    if thread:
        body["thread_ts"] = thread
    return await post_json(client, API, body, {"authorization": f"Bearer {token}"})


def compose(message: Message, language: str) -> dict[str, Any]:
    """What is posted, but for where."""

    def build(cards: Sequence[Card], more: str) -> list[dict[str, Any]]:
        short = len(cards) > 1
        blocks = [block for card in cards for block in _blocks(card, short=short)]
        return [*blocks, _context(more)] if more else blocks

    def fits(blocks: list[dict[str, Any]]) -> bool:
        return len(blocks) <= MAX_BLOCKS and len(msgspec.json.encode(blocks)) <= MAX_BYTES

    return {
        "text": clip(_escape(subject_of(message, language)), MAX_TEXT),
        "blocks": tell(message, language, build, fits),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(card: Card, *, short: bool) -> list[dict[str, Any]]:
    first = card.links[0]
    lines = [
        [_emoji(_MARKS[card.severity]), _text(" "), _text(card.headline, bold=True)],
        [{"type": "link", "url": first.url, "text": card.title, "style": {"bold": True}}],
        [] if short or not card.culprit else [_text(card.culprit, code=True)],
        _row(card),
        [_text(card.trend, code=True)] if card.trend else [],
        [part for link in card.links for part in (_link(link.label, link.url), _text("   "))],
    ]
    body: list[dict[str, Any]] = []
    for line in lines:
        body += [*line, _text("\n")] if line else []
    section = {"type": "rich_text_section", "elements": body[:-1]}
    block = {"type": "rich_text", "elements": [section]}
    return [block, {"type": "divider"}] if short else [block, _context(card.why)]


def _row(card: Card) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for row in card.rows:
        parts += [_text(f"{row.label} "), _text(row.value, bold=True), _text("  ·  ")]
    return parts[:-1]


def _text(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, "style": style} if style else _plain(text)


def _plain(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _link(label: str, url: str) -> dict[str, Any]:
    return {"type": "link", "url": url, "text": label}


def _emoji(name: str) -> dict[str, Any]:
    return {"type": "emoji", "name": name}


def _context(text: str) -> dict[str, Any]:
    element = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "context", "elements": [element]}


def _escape(text: str) -> str:
    """docs.slack.dev, "Formatting message text": these three; mentions begin with one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
