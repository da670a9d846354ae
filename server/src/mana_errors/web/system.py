"""How the server is doing: nodes, jobs, database, days."""

from starlette.responses import Response

from mana_errors import __version__
from mana_errors.store import system
from mana_errors.web.visit import Visit


async def show(visit: Visit) -> Response:
    """Everything that who runs the server looks at first."""
    async with visit.reader.connection() as connection:
        state = await system.look(connection)
    values = {"version": __version__, "state": state, "settings": visit.services.settings}
    return visit.page("system.html", values)
