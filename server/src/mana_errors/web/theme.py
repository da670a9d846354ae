"""Light or dark, by choice of the browser's owner; else as their system has it."""

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from mana_errors.errors import BadRequest
from mana_errors.web.render import THEME_COOKIE, THEMES
from mana_errors.web.visit import Visit, own_path

_LIFETIME_S: Final = 400 * 24 * 3600


async def choose(visit: Visit) -> Response:
    """Back to the page, in the other light."""
    theme = visit.form.text("theme")
    if theme not in THEMES:
        raise BadRequest("theme: unknown")
    page = urlsplit(visit.request.headers.get("referer", "/"))
    response = visit.go(own_path(page._replace(scheme="", netloc="", fragment="").geturl()))
    response.set_cookie(
        THEME_COOKIE, theme, _LIFETIME_S, secure=visit.site.secure, httponly=True, samesite="lax"
    )
    return response
