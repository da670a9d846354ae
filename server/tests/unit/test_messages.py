"""What each channel is sent: it looks as the snapshots do, and strangers' texts stay texts."""

import html
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stories
from mana_errors.alerts.card import Row, headline, make_card, subject_of
from mana_errors.alerts.channels import apprise, discord, pagerduty, slack, teams, telegram
from mana_errors.alerts.message import Message
from mana_errors.alerts.text import clip, fit, one_line, sparkline
from mana_errors.alerts.words import LANGUAGES, span
from mana_errors.model.alert import Firing
from mana_errors.model.channel import Telegram
from mana_errors.model.event import Severity
from mana_errors.model.rule import Fact

SNAPSHOTS = Path(__file__).parent / "snapshots"
COMPOSE = {
    "slack": slack.compose,
    "discord": discord.compose,
    "telegram": lambda told, language: telegram.compose(told, Telegram("-1001", language=language)),
    "teams": teams.compose,
    "pagerduty": pagerduty.compose,
    "apprise": apprise.compose,
}
WORDS = LANGUAGES["en"]


@pytest.mark.parametrize("kind", COMPOSE)
@pytest.mark.parametrize("case", stories.CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_are_as_they_were_approved(kind: str, case: str, language: str) -> None:
    """WRITE_SNAPSHOTS=1 approves what is sent now."""
    if language == "de" and case not in {"new", "digest"}:
        pytest.skip("one language shows all forms, the other that it has all words")
    sent = COMPOSE[kind](stories.CASES[case], language)
    shown = msgspec.json.format(msgspec.json.encode(sent), indent=1).decode() + "\n"
    path = SNAPSHOTS / f"{kind}-{case}-{language}.json"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    assert shown == path.read_text()


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_slack_reads_nothing_out_of_texts(text: str) -> None:
    """Only the fallback is markup, and it has no bracket; all limits are kept."""
    for told in stories.hostile(text):
        sent = slack.compose(told, "en")
        assert not set("<>") & set(sent["text"])
        assert len(sent["blocks"]) <= slack.MAX_BLOCKS
        assert len(msgspec.json.encode(sent["blocks"])) <= slack.MAX_BYTES
        kinds = {node["type"] for node in nodes(sent["blocks"])}
        assert "mrkdwn" not in kinds
        assert kinds <= {
            "rich_text", "rich_text_section", "text", "link", "emoji", "divider", "context",
            "plain_text",
        }  # fmt: skip
        assert all(node["text"] for node in nodes(sent["blocks"]) if node["type"] == "text")
        assert all(node["url"].startswith(stories.SERVER) for node in links(sent["blocks"]))


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_discord_reads_nothing_out_of_texts(text: str) -> None:
    """Nobody is called, links are ours, all limits are kept."""
    for told in stories.hostile(text):
        sent = discord.compose(told, "en")
        assert sent["allowed_mentions"] == {"parse": []}
        assert discord.size_of(sent["embeds"]) <= discord.MAX_TOTAL
        assert len(sent["embeds"]) <= discord.MAX_EMBEDS
        for embed in sent["embeds"]:
            assert 0 < len(embed["title"]) <= discord.MAX_TITLE
            for field in embed.get("fields", ()):
                assert 0 < len(field["value"]) <= discord.MAX_FIELD
            shown = f"{embed['title']}\n{embed['description']}"
            urls = re.findall(r"(?<!\\)\]\((.*?)\)", shown)
            assert all(url.startswith(stories.SERVER) for url in urls)
            plain = re.sub(r"\\[^0-9A-Za-z\s]", "", shown)
            assert not re.search(r"@everyone|@here|<@|\|\||evil\.example\)|```", plain)


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_telegram_reads_nothing_out_of_texts(text: str) -> None:
    """Its HTML has our tags alone, balanced, and is short enough."""
    for told in stories.hostile(text):
        sent = telegram.compose(told, Telegram("1"))
        assert 0 < telegram.visible(sent["text"]) <= telegram.MAX_TEXT
        assert sent["link_preview_options"] == {"is_disabled": True}
        reading = Tags()
        reading.feed(sent["text"])
        assert not reading.open


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_teams_reads_nothing_out_of_texts(text: str) -> None:
    """No block that knows Markdown; small enough for a workflow."""
    for told in stories.hostile(text):
        sent = teams.compose(told, "en")
        assert len(msgspec.json.encode(sent)) < 21_000
        kinds = {node["type"] for node in nodes(sent)}
        assert "TextBlock" not in kinds
        assert "FactSet" not in kinds


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_pagerduty_keeps_its_limits(text: str) -> None:
    """One event a story, its key the issue's."""
    for told in stories.hostile(text):
        events = pagerduty.compose(told, "en")
        assert len(events) == len(told.stories)
        for event in events:
            assert 0 < len(event["payload"]["summary"]) <= pagerduty.MAX_SUMMARY
            assert event["dedup_key"] == f"mana-errors:{stories.number(101)}"
            assert event["payload"]["severity"] in {"critical", "error", "warning", "info"}


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_subjects_are_one_line(text: str) -> None:
    """No header can be made of what a stranger wrote."""
    for told in stories.hostile(text):
        subject = subject_of(told, "en")
        assert subject.isprintable()
        assert 0 < len(subject) <= 420


def test_an_issue_has_one_subject() -> None:
    """Mail programs sort by it: what happened is not in it."""
    new, back = stories.CASES["new"], stories.CASES["regressed"]
    assert subject_of(new, "en") == subject_of(back, "en").removeprefix("Re: ")
    assert subject_of(new, "de") == subject_of(new, "en")


@pytest.mark.parametrize(
    ("fact", "reason", "said"),
    [
        (Fact.NEW, {}, "New"),
        (Fact.REGRESSED, {}, "Came back"),
        (Fact.REGRESSED, {"release": "2.0"}, "Came back in 2.0"),
        (Fact.ESCALATED, {"events": 3}, "Escalating"),
        (None, {"events": 120, "minutes": 5, "from": 100}, "120 events in 5 minutes"),
        (None, {"events": 1, "minutes": 1, "from": 1}, "1 event in 1 minute"),
        (None, {"users": 1200, "minutes": 60, "from": 100}, "1\u202f200 users in 1 hour"),
        (None, {"events": 90, "usual": 7.5, "times": 3}, "90 events this hour, usually 7.5"),
        (None, {"minutes": 2880}, "No events for 2 days"),
        (None, {}, "Happened"),
        (None, {"events": "many", "minutes": []}, "Happened"),
    ],
)
def test_headlines_say_what_happened(fact: Fact | None, reason: dict[str, Any], said: str) -> None:
    """In words, with the numbers of the decision."""
    assert headline(Firing("r", fact, reason, stories.issue()), WORDS) == said


def test_what_is_not_known_is_not_shown() -> None:
    """No empty environment, no release, no button without its link."""
    facts = stories.issue(environment=None, release=None, culprit="")
    card = make_card(stories.story(facts=facts, actions=False), WORDS)
    assert [row.label for row in card.rows] == ["App", "Severity", "Events", "Users"]
    assert Row("Users", "317") in card.rows
    assert [link.label for link in card.links] == ["Open the issue"]


@pytest.mark.parametrize("kind", COMPOSE)
def test_severities_are_told_apart(kind: str) -> None:
    """Each channel has a form for each."""
    if kind in {"pagerduty", "apprise", "teams"}:
        pytest.skip("it has fewer of its own")
    seen = {
        json.dumps(
            COMPOSE[kind](stories.message(stories.story(facts=stories.issue(severity=one))), "en")
        ).replace(f'"{one}"', "").replace(f">{one}<", "")
        for one in Severity
    }  # fmt: skip
    assert len(seen) == len(Severity)


@pytest.mark.parametrize(
    ("minutes", "said"), [(1, "1 minute"), (90, "90 minutes"), (120, "2 hours")]
)
def test_spans_are_whole(minutes: int, said: str) -> None:
    """In the largest unit that needs no fraction."""
    assert span(minutes, WORDS) == said


def test_languages_have_the_same_words() -> None:
    """None is missing, none has other gaps to fill."""
    gaps = [{key: text.count("{}") for key, text in words.items()} for words in LANGUAGES.values()]
    assert all(other == gaps[0] for other in gaps)


def test_sparklines_show_whatever_is_not_zero() -> None:
    """The most is full, nothing is the least."""
    assert sparkline((0, 1, 500, 1000)) == "▁▂▅█"
    assert sparkline((0, 0)) == sparkline(()) == ""


@given(st.text(), st.integers(1, 60))
def test_escaped_texts_fit(text: str, limit: int) -> None:
    """However much longer escapes make them; and none is cut in two."""
    fitted = fit(text, limit, html.escape)
    assert len(fitted) <= limit
    assert html.escape(html.unescape(fitted)) == fitted
    assert len(clip(text, limit)) <= limit
    assert one_line(text, limit).isprintable()


class Tags(HTMLParser):
    """Fails for a tag that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"a", "b", "i", "code"}
        for name, value in attrs:
            assert (tag, name) == ("a", "href")
            assert str(value).startswith(stories.SERVER)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All objects that have a type."""
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from nodes(inner)


def links(value: Any) -> list[dict[str, Any]]:
    """Slack's links."""
    return [node for node in nodes(value) if node["type"] == "link"]


def test_a_digest_that_is_too_long_tells_fewer() -> None:
    """The newest; the rest is a number that is right."""
    told: Message = stories.hostile("&" * 5_000)[1]
    embeds = discord.compose(told, "en")["embeds"]
    left = len(told.stories) - len(embeds)
    assert left > 0
    assert embeds[-1]["footer"]["text"] == f"and {told.more + left} more"
