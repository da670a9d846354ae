"""The link below a weekly report: none any more, or again. Looking does nothing.

Whoever has a link may use it, without signing in: it is signed, and does one small thing.
"""

from starlette.responses import Response

from mana_errors.errors import NotFound
from mana_errors.store import weekly
from mana_errors.web.visit import Visit


async def ask(visit: Visit) -> Response:
    """Whether an address gets it, and a button that changes it."""
    try:
        email = visit.services.links.read_no_weekly(visit.request.path_params["token"])
        async with visit.reader.connection() as connection:
            wanted = await weekly.wants_by_link(connection, email)
    except NotFound:
        return visit.message("link_over", 404)
    name = "no_weekly" if wanted else "weekly_again"
    values = {
        "name": name,
        "hint": visit.words[f"{name}_hint"].format(email),
        "action": "" if wanted else f"{visit.request.url.path}/undo",
    }
    return visit.page("answer.html", values)


async def stop(visit: Visit) -> Response:
    """None any more. Mail programs send this by themselves (RFC 8058)."""
    return await _want(visit, wanted=False)


async def start(visit: Visit) -> Response:
    """Again."""
    return await _want(visit, wanted=True)


async def _want(visit: Visit, *, wanted: bool) -> Response:
    try:
        email = visit.services.links.read_no_weekly(visit.request.path_params["token"])
    except NotFound:
        return visit.message("link_over", 404)
    async with visit.reader.connection() as connection:
        await weekly.want_by_link(connection, email, visit.address, wanted=wanted)
    return visit.message("weekly_back" if wanted else "weekly_over", 200)
