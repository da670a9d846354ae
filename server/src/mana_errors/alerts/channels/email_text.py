"""What an e-mail says: subject, text and HTML of a message."""

from collections.abc import Sequence
from typing import Final

from mana_errors.alerts.card import COLOURS, Card, make_cards, subject_of
from mana_errors.alerts.mail import Image, Rendered, render_html
from mana_errors.alerts.message import Message
from mana_errors.alerts.picture import draw_bars
from mana_errors.alerts.text import one_line
from mana_errors.alerts.words import LANGUAGES, Words, number

_MAX_RULE: Final = 100
_RULE_WIDTH: Final = 40


def render(message: Message, language: str, mute_url: str = "") -> Rendered:
    """An e-mail to one person. `mute_url`: ends these for them; empty: there is none."""
    words = LANGUAGES[language]
    subject = subject_of(message, language)
    cards = make_cards(message, language)
    more = words["more"].format(number(message.more)) if message.more else ""
    footer = _footer(message, words)
    alone = len(cards) == 1 and bool(cards[0].trend)
    trend = words["trend_most"].format(number(max(message.stories[0].trend))) if alone else ""
    values = {
        "subject": subject,
        "preheader": " · ".join(row.value for row in cards[-1].rows[:3]) or cards[-1].title,
        "cards": cards,
        "more": more,
        "trend": trend,
        "colours": {severity: f"#{colour:06x}" for severity, colour in COLOURS.items()},
        "server_url": message.server_url,
        "footer": footer,
        "mute_url": mute_url,
        "mute_label": words["mute"],
    }
    return Rendered(
        subject,
        _text(cards, trend, [more, footer, f"{words['mute']}: {mute_url}" if mute_url else ""]),
        render_html("alert.html", language, values),
        (Image("trend", draw_bars(message.stories[0].trend)),) if alone else (),
    )


def _text(cards: Sequence[Card], trend: str, last: Sequence[str]) -> str:
    parts = [_told(card, trend) for card in cards]
    ends = "\n".join(line for line in last if line)
    return "\n\n".join([*parts, f"{'-' * _RULE_WIDTH}\n{ends}"]) + "\n"


def _told(card: Card, trend: str) -> str:
    width = max((len(row.label) for row in card.rows), default=0)
    lines = [
        card.headline,
        card.title,
        card.culprit,
        "",
        *(f"{row.label + ':':<{width + 1}} {row.value}" for row in card.rows),
        trend and f"{trend}:",
        card.trend,
        "",
        *(f"{link.label}: {link.url}" for link in card.links),
    ]
    return "\n".join(
        line for at, line in enumerate(lines) if line or (at and lines[at - 1])
    ).strip()


def _footer(message: Message, words: Words) -> str:
    """Why they get it."""
    rules = {story.alert.firing.rule_name for story in message.stories}
    if not rules:
        return words["footer_test"]
    if len(rules) > 1 or message.more:
        return words["footer_rules"]
    return words["footer_rule"].format(one_line(rules.pop(), _MAX_RULE))
