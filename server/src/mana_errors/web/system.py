"""How the server is doing: disk, spool, database, days."""

import shutil
from typing import NamedTuple

from starlette.responses import Response

from mana_errors import __version__
from mana_errors.config import Settings
from mana_errors.store import system
from mana_errors.store.spool.reader import segments
from mana_errors.web.visit import Visit


class Disk(NamedTuple):
    """Of the node that answers."""

    free: int
    total: int
    # files of what is accepted and not yet, or not long, in the database
    spool_segments: int
    # refused by the database, or damaged: for a person to look at
    dead_letters: int


async def show(visit: Visit) -> Response:
    """Everything that who runs the server looks at first."""
    async with visit.reader.connection() as connection:
        database = await system.look(connection)
    settings = visit.services.settings
    values = {
        "version": __version__,
        "database": database,
        "disk": _disk(settings),
        "settings": settings,
    }
    return visit.page("system.html", values)


def _disk(settings: Settings) -> Disk:
    usage = shutil.disk_usage(settings.data_dir)
    return Disk(
        free=usage.free,
        total=usage.total,
        spool_segments=len(segments(settings.data_dir / "spool")),
        dead_letters=sum(1 for _ in (settings.data_dir / "dead-letters").glob("*")),
    )
