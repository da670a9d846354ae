"""Templates -> responses, with the headers that every page carries."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mana_errors.model.principal import Principal
from mana_errors.web import charts, formats
from mana_errors.web.assets import MODULES, accepts_gzip, asset_path, find_asset
from mana_errors.web.words import LANGUAGES, SCRIPT_WORDS, SHORTCUTS, pick_language

# Pages hold data of strangers: scripts of our own files alone, and those cannot make markup of
# text; nothing from elsewhere, in nobody's frame.
_SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # "no-referrer" would make browsers hide from us that a form came from our own page, and the
    # paths of one-time links go to nobody else
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PAGE: Final = {
    **_SAFE,
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Cookie, Accept-Encoding",
}
STREAM_HEADERS: Final = {**_SAFE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_ASSET: Final = {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable"}
THEME_COOKIE: Final = "mana_theme"
THEMES: Final = ("", "light", "dark")
# A page of 60 KB takes 1 ms and becomes 9 KB; higher levels take longer for 3 % less.
_GZIP_LEVEL: Final = 4
# Below it a packet is not saved.
_GZIP_MIN: Final = 1_000


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
    # takes back what was just done
    undo: str = ""
    # with its query, to come back to
    here: str = ""
    # light or dark; empty: as the system has it
    theme: str = ""


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
        )
    )
    return Response(html, status, _PAGE, "text/html")


def render_text(text: str, media: str = "text/plain") -> Response:
    """Text to be read or copied as it is."""
    return Response(text, headers=_PAGE, media_type=media)


def render_message(request: Request, name: str, status: int) -> Response:
    """A page for nobody in particular that says one thing; `name` is that of its words."""
    language = pick_language(request.headers.get("accept-language", ""))
    frame = Frame(language, theme=theme_of(request))
    return render(frame, "message.html", {"name": name}, status)


def theme_of(request: Request) -> str:
    """Light or dark as this browser was told; empty: as its system has it."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def render_asset(request: Request) -> Response:
    """A stylesheet, a script."""
    found = find_asset(request, _ASSET)
    return found or render_message(request, "not_found", HTTPStatus.NOT_FOUND)


def pack(request: Request, response: Response) -> None:
    """Compress a page for browsers that take it."""
    if isinstance(response, StreamingResponse):
        return
    body = bytes(response.body)
    if len(body) < _GZIP_MIN or not accepts_gzip(request):
        return
    response.body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))


def _script_words(words: Mapping[str, str]) -> dict[str, str]:
    return {name: words[name] for name in SCRIPT_WORDS}


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
    # Jinja infers narrower types from its own filters and globals.
    cast("dict[str, Any]", environment.filters).update(formats.FILTERS | charts.FILTERS)
    cast("dict[str, Any]", environment.globals).update(
        asset=asset_path,
        modules=MODULES,
        chart_step=charts.STEP,
        chart_height=charts.HEIGHT,
        script_words=_script_words,
        shortcuts=SHORTCUTS,
    )
    return environment
