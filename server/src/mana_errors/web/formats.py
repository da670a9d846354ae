"""Values -> what a page says: the filters of the templates."""

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from mana_errors.alerts.words import number
from mana_errors.web.markdown import render_markdown
from mana_errors.web.words import ago

_BACKTICKS: Final = re.compile(r"`([^`]+)`")
# The first that a User-Agent header holds; browsers name those that they resemble behind.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
# Enough of an unknown one to tell it from others.
_SHOWN: Final = 60
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_KIBI: Final = 1024


def browser(user_agent: str) -> str:
    """Browser and system as people call them; else how it calls itself."""
    name = next((name for mark, name in _BROWSERS.items() if f"{mark}/" in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    known = ", ".join(part for part in (name, system) if part)
    return known or user_agent[:_SHOWN] or "?"


@pass_context
def _ago(context: Context, time: datetime) -> str:
    return ago(time, context["now"], context["words"])


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _utc(time: datetime) -> str:
    """To be read; a script writes the reader's own time over it."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _short(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _segment(text: str) -> str:
    """One segment of a path, slashes and all."""
    return quote(text, safe="")


def _code(text: str) -> Markup:
    # as plain text: what is put into Markup is escaped again
    escaped = str(escape(text))
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", escaped))  # noqa: S704 - escaped before


def _markdown(text: str) -> Markup:
    return Markup(render_markdown(text))  # noqa: S704 - cleaned


def _seconds(seconds: float) -> str:
    """A short while, in the unit that fits: 0.4 s, 12 s, 3 min."""
    if abs(seconds) < 10:  # noqa: PLR2004 - one digit before the point has room for one behind
        return f"{seconds:.1f} s"
    if abs(seconds) < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if abs(seconds) < 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.0f} h"


def _size(size: int) -> str:
    """Bytes, in the unit that fits."""
    value, units = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= _KIBI and len(units) > 1:
        value, units = value / _KIBI, units[1:]
    return f"{value:.3g} {units[0]}" if value < _KIBI - 1 else f"{value:.0f} {units[0]}"


FILTERS: Final[dict[str, Any]] = {
    "ago": _ago,
    "browser": browser,
    "iso": _iso,
    "utc": _utc,
    "pretty": _pretty,
    "markdown": _markdown,
    "number": number,
    "code": _code,
    "seconds": _seconds,
    "segment": _segment,
    "short": _short,
    "size": _size,
}
