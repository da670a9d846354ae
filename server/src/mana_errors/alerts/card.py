"""A story -> what every channel shows, in one language; each channel gives it its own form."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from mana_errors.alerts.message import Message, Story
from mana_errors.alerts.text import one_line, sparkline
from mana_errors.alerts.words import LANGUAGES, Words, counted, number, span
from mana_errors.model.alert import Firing, IssueFacts
from mana_errors.model.event import Severity
from mana_errors.model.rule import Fact

T = TypeVar("T")

# Enough to know it again. All of one card together: 1,200 characters, ten of them 12,000.
MAX_TITLE: Final = 300
MAX_CULPRIT: Final = 200
MAX_VALUE: Final = 100
# White text on each has 4.5 to 1 or more.
COLOURS: Final = {
    Severity.DEBUG: 0x5F6776,
    Severity.INFO: 0x1C5A9F,
    Severity.WARNING: 0x854800,
    Severity.ERROR: 0xC2410C,
    Severity.CRITICAL: 0xB42318,
}
# Services refuse an empty text.
_UNSEEN: Final = "?"


class Row(msgspec.Struct, frozen=True):
    """A label and its value."""

    label: str
    value: str


class Link(msgspec.Struct, frozen=True):
    """Something to do."""

    label: str
    url: str


class Card(msgspec.Struct, frozen=True):
    """One story in words. All texts are one line, bounded, and not escaped."""

    # what happened: "New", "120 events in 5 minutes"
    headline: str
    # what it happened to: an issue, or an app
    title: str
    # empty: not known
    culprit: str
    severity: Severity
    rows: tuple[Row, ...]
    # events an hour as characters; empty: not known
    trend: str
    # which rule it was
    why: str
    # the first one opens the issue's or the app's page
    links: tuple[Link, ...]


def make_cards(message: Message, language: str) -> tuple[Card, ...]:
    """Of each story; of a test of the channel, one that says so."""
    words = LANGUAGES[language]
    if message.stories:
        return tuple(make_card(story, words) for story in message.stories)
    links = (Link(words["open_server"], message.server_url),)
    test = words["test_text"]
    return (Card(words["test"], test, "", Severity.INFO, (), "", "Mana Errors", links),)


def make_card(story: Story, words: Words) -> Card:
    """A story in words."""
    firing = story.alert.firing
    issue = firing.issue
    app = one_line(story.app_name, MAX_VALUE) or _UNSEEN
    return Card(
        headline=headline(firing, words),
        title=(one_line(issue.title, MAX_TITLE) or _UNSEEN) if issue else app,
        culprit=one_line(issue.culprit, MAX_CULPRIT) if issue else "",
        severity=issue.severity if issue else Severity.ERROR,
        rows=(Row(words["app"], app), *_rows(issue, words)) if issue else (),
        trend=sparkline(story.trend),
        why=words["rule"].format(one_line(firing.rule_name, MAX_VALUE)),
        links=_links(story, words),
    )


def subject_of(message: Message, language: str) -> str:
    """All of it in one line. Of one issue always the same: mail programs sort by it."""
    words = LANGUAGES[language]
    cards = make_cards(message, language)
    apps = list(
        dict.fromkeys(one_line(story.app_name, MAX_VALUE) or _UNSEEN for story in message.stories)
    )
    if len(cards) == 1 and not message.more:
        card = cards[0]
        if not apps:
            return f"Mana Errors: {card.headline}"
        issue = message.stories[0].alert.firing.issue
        return f"[{apps[0]}] {card.title if issue else card.headline}"
    total = number(len(cards) + message.more)
    return one_line(words["alerts"].format(total, ", ".join(apps)), MAX_TITLE)


def headline(firing: Firing, words: Words) -> str:
    """What happened."""
    numbers = firing.reason
    release = one_line(str(numbers.get("release") or ""), MAX_VALUE)
    if firing.fact is Fact.REGRESSED and release:
        return words["regressed_in"].format(release)
    if firing.fact is not None:
        return words[firing.fact]
    return _measured(numbers, words) or words["occurred" if firing.issue else "alert"]


def _measured(numbers: Mapping[str, Any], words: Words) -> str:
    """What a rule that counts says; empty: it is none."""
    match numbers:
        case {"events": int(events), "usual": int() | float() as usual}:
            return words["unusual"].format(counted(events, "event", words), f"{usual:g}")
        case {"events": int(events), "minutes": int(minutes)}:
            return words["many"].format(counted(events, "event", words), span(minutes, words))
        case {"users": int(users), "minutes": int(minutes)}:
            return words["many"].format(counted(users, "user", words), span(minutes, words))
        case {"minutes": int(minutes)}:
            return words["silent"].format(span(minutes, words))
        case _:
            return ""


def _rows(issue: IssueFacts, words: Words) -> list[Row]:
    rows = [
        Row(words["environment"], one_line(issue.environment or "", MAX_VALUE)),
        Row(words["release"], one_line(issue.release or "", MAX_VALUE)),
        Row(words["severity"], words[f"severity_{issue.severity}"]),
        Row(words["count"], number(issue.count)),
        Row(words["user_count"], number(issue.users)),
    ]
    return [row for row in rows if row.value]


def _links(story: Story, words: Words) -> tuple[Link, ...]:
    links = (
        Link(words["open_issue" if story.alert.firing.issue else "open_app"], story.url),
        Link(words["resolve"], story.resolve_url),
        Link(words["ignore"], story.ignore_url),
    )
    return tuple(link for link in links if link.url)


def tell(
    message: Message,
    language: str,
    build: Callable[[Sequence[Card], str], T],
    fits: Callable[[T], bool],
) -> T:
    """Build what is sent of as many cards as fit, the newest; the rest becomes a number.

    build: of cards, and how many more there are in words ("": none). One card alone must fit.
    """
    cards = make_cards(message, language)
    words = LANGUAGES[language]
    for left in range(len(cards) - 1):
        more = message.more + left
        told = build(cards[left:], words["more"].format(number(more)) if more else "")
        if fits(told):
            return told
    more = message.more + len(cards) - 1
    return build(cards[-1:], words["more"].format(number(more)) if more else "")
