"""Which reported users exist: ids that the users table does not have are stored as null."""

import logging
import time
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

import msgspec

from mana_errors import meters
from mana_errors.errors import DatabaseUnusable
from mana_errors.logs import Limited
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.store import users
from mana_errors.store.db import Connection

# How long a user is taken to exist without asking again. Who is deleted meanwhile is forgotten by
# retention (retention/users.py).
KNOWN_S: Final = 60.0
# Users of a busy minute, at some hundred bytes each.
MAX_KNOWN: Final = 50_000
SAY_EVERY_S: Final = 60.0

_log: Final = Limited(logging.getLogger(__name__), SAY_EVERY_S)
# Known id -> until when. Of a connection, so that another database starts with nothing.
_known: Final[WeakKeyDictionary[Connection, dict[str, float]]] = WeakKeyDictionary()


async def with_known_users(
    connection: Connection, table: str, items: list[GroupedEvent]
) -> list[GroupedEvent]:
    """The events, those of unknown users without user_id and with the reported id in context.

    A users table that cannot be read knows nobody: the ids are in context and not lost. May be
    called inside a transaction and outside of one.
    """
    reported = {item.event.user_id for item in items if item.event.user_id is not None}
    if not reported:
        return items
    known = await _known_of(connection, table, reported)
    unknown = reported - known
    meters.reported_users.labels("known").inc(len(known))
    meters.reported_users.labels("unknown").inc(len(unknown))
    if not unknown:
        return items
    return [_anonymous(item) if item.event.user_id in unknown else item for item in items]


async def _known_of(connection: Connection, table: str, ids: set[str]) -> set[str]:
    now = time.monotonic()
    cache = _known.setdefault(connection, {})
    fresh = {identifier for identifier in ids if cache.get(identifier, 0.0) > now}
    if not (asked := ids - fresh):
        return fresh
    try:
        found = await users.known(connection, table, asked)
    except DatabaseUnusable as error:
        meters.reported_users.labels("unreadable").inc(len(asked))
        _log.warning("users cannot be looked up; their ids go to context", reason=str(error))
        return fresh
    _remember(cache, found, now + KNOWN_S)
    return fresh | found


def _remember(cache: dict[str, float], found: Iterable[str], until: float) -> None:
    if len(cache) > MAX_KNOWN:
        cache.clear()
    cache.update(dict.fromkeys(found, until))


def _anonymous(item: GroupedEvent) -> GroupedEvent:
    event = item.event
    # A client's own key of that name is its own word.
    context = {users.REPORTED: event.user_id} | (event.context or {})
    anonymous: Event = msgspec.structs.replace(event, user_id=None, context=context)
    return msgspec.structs.replace(item, event=anonymous)
