"""E-mails: what one is made of, and the templates of their HTML."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from mana_errors.alerts.words import LANGUAGES, number


class Image(NamedTuple):
    """Shown in the HTML as cid:<name>."""

    name: str
    png: bytes


class Rendered(NamedTuple):
    """An e-mail without its envelope; text and HTML say the same."""

    # one line, printable
    subject: str
    text: str
    html: str
    images: tuple[Image, ...]


# Colours: what a mail program shows in the light, and in the dark where it can.
STYLES: Final = {
    "ground": ("background-color", "#f4f5f8", "#0e1014"),
    "panel": ("background-color", "#ffffff", "#171a21"),
    "text": ("color", "#171a21", "#e7e9ee"),
    "soft": ("color", "#454c5b", "#bac0cb"),
    "faint": ("color", "#5f6776", "#98a0af"),
    "line": ("border-color", "#e3e5eb", "#2b313c"),
    "plain": ("background-color", "#f4f5f8", "#232833"),
    "accent": ("color", "#4b45c6", "#aaa7ff"),
    "good": ("color", "#14663a", "#7fd6a0"),
    "bad": ("color", "#b42318", "#ff9d94"),
}


def render_html(template: str, language: str, values: Mapping[str, Any]) -> str:
    """A template's HTML; whatever it is given is escaped."""
    found = _templates().get_template(template)
    return found.render(language=language, words=LANGUAGES[language], styles=STYLES, **values)


def standalone(mail: Rendered) -> str:
    """Its HTML with its images within, as a browser shows it."""
    html = mail.html
    for image in mail.images:
        data = base64.b64encode(image.png).decode()
        html = html.replace(f"cid:{image.name}", f"data:image/png;base64,{data}")
    return html


def style(*names: str) -> str:
    """Inline style of these colours, in the light."""
    return ";".join(f"{STYLES[name][0]}:{STYLES[name][1]}" for name in names)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("mana_errors.alerts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # Jinja infers narrower types from its own filters and globals.
    filters: dict[str, Any] = environment.filters
    filters["number"] = number
    globals_: dict[str, Any] = environment.globals
    globals_["css"] = style
    return environment
