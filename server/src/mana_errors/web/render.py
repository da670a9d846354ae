"""Templates -> responses, with the headers that every page carries."""

import re
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from mana_errors.model.outcome import OutcomeBucket
from mana_errors.model.principal import Principal
from mana_errors.model.reading import Tick
from mana_errors.web.words import LANGUAGES, ago, pick_language

# Pages hold data of strangers: no script, nothing from elsewhere, in nobody's frame.
_SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # "no-referrer" would make browsers hide from us that a form came from our own page, and the
    # paths of one-time links go to nobody else
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_BACKTICKS: Final = re.compile(r"`([^`]+)`")
_PAGE: Final = {**_SAFE, "Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
_STYLE: Final = {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable"}


_STYLESHEET: Final = files("mana_errors.web").joinpath("templates", "style.css").read_bytes()
# Its address changes with its content, so that it may be cached for good.
STYLE_PATH: Final = f"/style-{sha256(_STYLESHEET).hexdigest()[:12]}.css"


class Frame(NamedTuple):
    """What every page shows around its content."""

    language: str
    # of its forms
    token: str = ""
    # where it is, to mark the way there
    path: str = ""
    # None: a guest
    principal: Principal | None = None
    # word for what was just done
    done: str | None = None


def render(frame: Frame, template: str, values: dict[str, Any], status: int = 200) -> Response:
    """A page in the reader's language."""
    html = (
        _templates()
        .get_template(template)
        .render(
            # field -> what is wrong with it
            {"trouble": dict[str, str](), **values},
            frame=frame,
            language=frame.language,
            words=LANGUAGES[frame.language],
            now=datetime.now(UTC),
            style_path=STYLE_PATH,
        )
    )
    return Response(html, status, _PAGE, "text/html")


def render_message(request: Request, name: str, status: int) -> Response:
    """A page for nobody in particular that says one thing; `name` is that of its words."""
    language = pick_language(request.headers.get("accept-language", ""))
    return render(Frame(language), "message.html", {"name": name}, status)


def render_style(_: Request) -> Response:
    """The one stylesheet."""
    return Response(_STYLESHEET, headers=_STYLE, media_type="text/css")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("mana_errors.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # Jinja infers a narrower type from its own filters.
    cast("dict[str, Any]", environment.filters).update(
        ago=_ago,
        bars=bars,
        browser=browser,
        iso=_iso,
        pretty=_pretty,
        number=_number,
        code=_code,
        segment=_segment,
        short=_short,
        ticks=_ticks,
    )
    return environment


@pass_context
def _ago(context: Context, time: datetime) -> str:
    return ago(time, context["now"], context["words"])


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _short(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _segment(text: str) -> str:
    """One segment of a path, slashes and all."""
    return quote(text, safe="")


def _ticks(buckets: list[OutcomeBucket]) -> list[Tick]:
    return [Tick(bucket.start, bucket.received) for bucket in buckets]


def _number(number: int) -> str:
    # U+202F, a narrow space, groups digits in every language.
    return f"{number:,}".replace(",", "\u202f")


def _code(text: str) -> Markup:
    # as plain text: what is put into Markup is escaped again
    escaped = str(escape(text))
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", escaped))  # noqa: S704 - escaped before


def bars(ticks: list[Tick], height: int) -> list[tuple[Tick, int]]:
    """Ticks with their bars' heights; whatever is not zero can be seen."""
    most = max((tick.count for tick in ticks), default=0) or 1
    return [(tick, max(round(tick.count * height / most), 2 * bool(tick.count))) for tick in ticks]


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


def browser(user_agent: str) -> str:
    """Browser and system as people call them; else how it calls itself."""
    name = next((name for mark, name in _BROWSERS.items() if f"{mark}/" in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    known = ", ".join(part for part in (name, system) if part)
    return known or user_agent[:_SHOWN] or "?"
