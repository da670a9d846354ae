"""The ledger of deliveries, for who administers all apps: every message and what became of it."""

from typing import Final

from starlette.responses import Response

from mana_errors.errors import Conflict
from mana_errors.model.delivery import DeliveryQuery, State
from mana_errors.model.query import parse_query
from mana_errors.store import alerts, channels, delivery_ledger
from mana_errors.store.channels import MAX_CHANNELS
from mana_errors.web.alerts import in_words
from mana_errors.web.issue import id_of
from mana_errors.web.visit import Visit

# What may be sent again.
OVER: Final = frozenset({State.DEAD, State.SKIPPED})


async def show_list(visit: Visit) -> Response:
    """Newest first."""
    query = parse_query(DeliveryQuery, [(name, value) for name, value in visit.asked if value])
    async with visit.reader.connection() as connection:
        page = await delivery_ledger.listed(connection, query)
        wanted = {one.alert_id for one in page.items if one.alert_id is not None}
        found = await alerts.by_id(connection, wanted)
        kept = await channels.listed(connection, None, MAX_CHANNELS)
        names = await channels.names(connection)
    values = {
        "query": query,
        "page": page,
        "more": visit.next_page(page.next),
        "fired": {fired.alert.id: fired for fired in in_words(found, visit.language)},
        "states": list(State),
        "over": OVER,
        "kept": kept,
        "channels": names,
    }
    return visit.page("deliveries.html", values)


async def retry(visit: Visit) -> Response:
    """Send what is dead again."""
    try:
        async with visit.reader.connection() as connection:
            await delivery_ledger.retry(connection, id_of(visit), visit.actor)
    except Conflict:
        return visit.go("/alerts/deliveries?done=done_nothing")
    return visit.go("/alerts/deliveries?done=sent_again")
