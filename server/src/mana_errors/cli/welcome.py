"""The first start: a link by which somebody becomes the first owner."""

import logging
import sys
from typing import Final

from mana_errors.access import people
from mana_errors.access.people import link_path
from mana_errors.config import Settings
from mana_errors.errors import StoreUnavailable
from mana_errors.model.member import Purpose
from mana_errors.store import db, members
from mana_errors.store.db import Connection

_TEXT: Final = """
  Nobody can sign in yet. Make the first account, once, within a day:
    {link}

"""
_log: Final = logging.getLogger(__name__)


async def welcome(settings: Settings, dsn: str) -> None:
    """Print the link while there is no member; those of earlier starts end.

    It gives the whole server away, so it goes to a terminal and into no log.
    """
    try:
        connection = await db.connect(dsn, application="mana-errors-welcome")
        try:
            await _invite(connection, settings)
        finally:
            await connection.close()
    except StoreUnavailable as error:
        _log.warning("cannot tell whether there are members: %s", error)


async def _invite(connection: Connection, settings: Settings) -> None:
    if await members.count(connection):
        return
    if not _is_read(settings):
        _log.info("nobody can sign in yet: mana-errors member create EMAIL --role owner")
        return
    secret = await people.welcome(connection)
    if secret is not None:
        link = settings.address + link_path(Purpose.WELCOME, secret)
        sys.stdout.write(_TEXT.format(link=link))
        sys.stdout.flush()


def _is_read(settings: Settings) -> bool:
    """Whether a person reads what is printed, as opposed to something that keeps it."""
    return settings.log_format == "pretty" or (
        settings.log_format == "auto" and sys.stdout.isatty()
    )
