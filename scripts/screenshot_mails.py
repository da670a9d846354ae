"""Takes the pictures of e-mails in docs/images: of made-up alerts and a made-up week."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "server/tests"))

import stories  # noqa: E402 - the tests' own messages, where they lie
from mana_errors.alerts.channels.email_text import render  # noqa: E402
from mana_errors.alerts.mail import Rendered, standalone  # noqa: E402
from mana_errors.alerts.weekly_text import render_week  # noqa: E402

IMAGES: Final = ROOT / "docs/images"
MUTE: Final = f"{stories.SERVER}/mute"
# name -> e-mail, width, most of its height, light or dark
SHOTS: Final = {
    "mail": (render(stories.CASES["regressed"], "en", MUTE), 680, 700, "light"),
    "mail-dark": (render(stories.CASES["events"], "en", MUTE), 680, 700, "dark"),
    "mail-phone": (render(stories.CASES["digest"], "de", MUTE), 390, 780, "dark"),
    "mail-week": (render_week(stories.week(), "en", stories.SERVER, MUTE), 680, 1300, "light"),
}


def main() -> None:
    """Each of them."""
    path = subprocess.check_output([sys.executable, ROOT / "scripts/chromium.py"], text=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path.strip(), args=["--no-sandbox"])
        for name, (mail, width, height, scheme) in SHOTS.items():
            take(browser, name, mail, (width, height), scheme)
        browser.close()


def take(browser: Browser, name: str, mail: Rendered, size: tuple[int, int], scheme: str) -> None:
    """One picture, no higher than the e-mail."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": 100}, color_scheme=scheme, locale="en-GB"
    )
    page = context.new_page()
    page.set_content(standalone(mail))
    height = min(height, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
