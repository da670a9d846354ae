"""E-mails: as they were approved, the same in text and HTML, harmless, nothing from elsewhere."""

import html
import os
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest

import stories
from mana_errors.alerts.card import make_cards
from mana_errors.alerts.channels.email_text import render
from mana_errors.alerts.mail import Rendered
from mana_errors.alerts.picture import BAR, GAP, HEIGHT, draw_bars
from mana_errors.alerts.weekly_text import render_week
from mana_errors.alerts.words import LANGUAGES

SNAPSHOTS = Path(__file__).parent / "snapshots"
MUTE = f"{stories.SERVER}/mute/token"


@pytest.mark.parametrize("case", stories.CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_are_as_they_were_approved(case: str, language: str) -> None:
    """WRITE_SNAPSHOTS=1 approves what is sent now."""
    mail = render(stories.CASES[case], language, MUTE)
    for ending, shown in (("txt", f"Subject: {mail.subject}\n\n{mail.text}"), ("html", mail.html)):
        path = SNAPSHOTS / f"email-{case}-{language}.{ending}"
        if os.environ.get("WRITE_SNAPSHOTS"):
            path.write_text(shown)
        assert shown == path.read_text()


@pytest.mark.parametrize("case", stories.CASES)
def test_text_and_html_say_the_same(case: str) -> None:
    """Who reads the text misses nothing: each word of a card, each link."""
    told = stories.CASES[case]
    mail = render(told, "en", MUTE)
    shown = html.unescape(re.sub(r"<[^>]+>", "", mail.html))
    for card in make_cards(told, "en"):
        values = [value for row in card.rows for value in (row.label, row.value)]
        for said in (card.headline, card.title, card.culprit, *values):
            assert said in mail.text
            assert said in shown
        for link in card.links:
            assert f"{link.label}: {link.url}" in mail.text
            assert f'href="{link.url}"' in mail.html
    assert MUTE in mail.text
    assert f'href="{MUTE}"' in mail.html


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_strangers_make_no_markup(text: str) -> None:
    """No tag, no address, no style of theirs; nothing that loads."""
    for told in stories.hostile(text):
        mail = render(told, "en", MUTE)
        assert mail.subject.isprintable()
        _harmless(mail)
        assert "{{" not in text or "{{ 7*7 }}" in html.unescape(mail.html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_weekly_reports_are_as_they_were_approved(language: str) -> None:
    """WRITE_SNAPSHOTS=1 approves what is sent now."""
    mail = render_week(stories.week(), language, stories.SERVER, MUTE)
    for ending, shown in (("txt", f"Subject: {mail.subject}\n\n{mail.text}"), ("html", mail.html)):
        path = SNAPSHOTS / f"weekly-{language}.{ending}"
        if os.environ.get("WRITE_SNAPSHOTS"):
            path.write_text(shown)
        assert shown == path.read_text()


@pytest.mark.parametrize("title", [text for text in stories.HOSTILE if text])
def test_strangers_make_no_markup_of_a_report(title: str) -> None:
    """Names of apps and titles of issues are texts."""
    mail = render_week(stories.week(title), "en", stories.SERVER, MUTE)
    assert mail.subject.replace("\u202f", "").isprintable()
    _harmless(mail)


def test_a_picture_is_a_png() -> None:
    """Its pixels are those that its header says; the highest bar reaches the top."""
    png = draw_bars((0, 5, 10))
    assert png.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    width, height = 3 * (BAR + GAP), HEIGHT
    assert png[16:24] == width.to_bytes(4, "big") + height.to_bytes(4, "big")
    start = png.index(b"IDAT") + 4
    pixels = zlib.decompress(png[start:])
    assert len(pixels) == height * (width + 1)
    middle = 1 + 2 * (BAR + GAP) + BAR // 2
    assert pixels[middle] == 1
    assert pixels[middle - BAR - GAP] == 0
    assert len(draw_bars(stories.TREND)) < 2_000


class _Reading(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {
            "html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "a", "p",
            "h1", "h2", "span", "b", "br", "img", "th",
        }, tag  # fmt: skip
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "href":
                assert str(value).startswith(stories.SERVER), value
            if name == "src":
                assert str(value).startswith("cid:"), value
            if name == "style":
                assert "url(" not in str(value)


def _harmless(mail: Rendered) -> None:
    _Reading().feed(mail.html)
    shown = set(re.findall(r'src="cid:(\w+)"', mail.html))
    assert shown == {image.name for image in mail.images}
