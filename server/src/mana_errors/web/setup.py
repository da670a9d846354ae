"""How an app is made to report here: everything filled in, to be copied; and a test event."""

from starlette.responses import Response

from mana_errors.errors import NotFound
from mana_errors.model.app_reading import dsn
from mana_errors.store import apps
from mana_errors.web.guides import GUIDES, Place
from mana_errors.web.visit import Visit


async def show(visit: Visit) -> Response:
    """The guides of an app. Raises NotFound, for a foreign app too."""
    app_id = visit.request.query_params.get("app", "")
    visit.principal.must_see(app_id)
    async with visit.reader.connection() as connection:
        app = await apps.find(connection, app_id)
        keys = await apps.keys_of(connection, app_id)
    origin = visit.site.address(visit.request)
    key = next((key.key for key in keys if key.revoked_at is None), None)
    if key is None:
        raise NotFound(f"{app_id} has no key that works")
    place = Place(origin, app.id, key, dsn(app.number, key, origin))
    values = {"app": app, "place": place, "guides": [guide(place) for guide in GUIDES]}
    return visit.page("setup.html", values)
