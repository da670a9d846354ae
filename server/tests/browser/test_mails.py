"""E-mails in a browser: readable on a phone and in the dark, loading nothing, running nothing."""

import pytest
from playwright.sync_api import Browser

import stories
from mana_errors.alerts.channels.email_text import render
from mana_errors.alerts.mail import Rendered, standalone
from mana_errors.alerts.weekly_text import render_week
from mana_errors.alerts.words import LANGUAGES

# WCAG 2.2, 1.4.3.
CONTRAST = 4.5
# The worst contrast of a text to what is behind it, and the text.
_WORST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  let worst = [21, ''];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || getComputedStyle(node).fontSize === '0px') continue;
    if (node.getClientRects().length === 0 || getComputedStyle(node).opacity === '0') continue;
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, walk.currentNode.data.trim()];
  }
  return worst;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("case", ["new", "digest", "silent", "test"])
def test_mails_are_readable(chromium: Browser, case: str, width: int, scheme: str) -> None:
    """No scrolling aside, and each text stands out from its ground."""
    _readable(chromium, render(stories.CASES[case], "de", stories.SERVER), width, scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("title", [stories.issue().title, *stories.HOSTILE[:3], "W" * 5_000])
def test_weekly_reports_are_readable(
    chromium: Browser, title: str, width: int, scheme: str
) -> None:
    """Of apps and issues with any name."""
    week = stories.week(title)
    for language in LANGUAGES:
        mail = render_week(week, language, stories.SERVER, stories.SERVER)
        _readable(chromium, mail, width, scheme)


@pytest.mark.parametrize("text", stories.HOSTILE)
def test_strangers_texts_do_nothing(chromium: Browser, text: str) -> None:
    """However long, whatever they look like."""
    for told in stories.hostile(text):
        _readable(chromium, render(told, "en", stories.SERVER), 320, "light")


def _readable(chromium: Browser, mail: Rendered, width: int, scheme: str) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 700}, color_scheme=scheme, locale="en-GB"
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.set_content(standalone(mail))
    assert [url for url in asked if not url.startswith("data:")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ratio, text = page.evaluate(_WORST)
    assert ratio >= CONTRAST, text
    context.close()
