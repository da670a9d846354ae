"""Looking at everything: all apps at a glance, releases, what one user met."""

from starlette.responses import Response

from mana_errors.model.exploring import ReleaseQuery
from mana_errors.model.query import parse_query
from mana_errors.store import overview, read_issues
from mana_errors.web.visit import Visit


async def show_overview(visit: Visit) -> Response:
    """The worst apps first, and what rose since yesterday."""
    async with visit.reader.connection() as connection:
        found = await overview.overview(connection, visit.principal.apps)
    return visit.page("overview.html", {"overview": found})


async def show_releases(visit: Visit) -> Response:
    """The newest first."""
    query = parse_query(ReleaseQuery, visit.asked)
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        page = await overview.list_releases(connection, query, seen)
        apps = await read_issues.list_apps(connection, seen)
    values = {"query": query, "page": page, "apps": apps, "more": visit.next_page(page.next)}
    return visit.page("releases.html", values)


async def show_user(visit: Visit) -> Response:
    """What somebody met: asked for by their id."""
    user = visit.request.query_params.get("user", "").strip()
    async with visit.reader.connection() as connection:
        seen = visit.principal.apps
        met = await overview.errors_of_user(connection, user, seen) if user else None
    return visit.page("user.html", {"user": user, "met": met})
