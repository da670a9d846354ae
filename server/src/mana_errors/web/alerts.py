"""Alerts: what rules fired, and who was told."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from starlette.responses import Response

from mana_errors.alerts.card import headline
from mana_errors.alerts.words import LANGUAGES
from mana_errors.model.alert import AlertDetail, AlertQuery
from mana_errors.model.query import parse_query
from mana_errors.store import alerts, channels, read_issues, rules
from mana_errors.store.db import Connection
from mana_errors.web.visit import Visit

# On an issue's page.
SHOWN: Final = 5


class Fired(NamedTuple):
    """One alert, and what happened in words."""

    alert: AlertDetail
    headline: str


async def show_list(visit: Visit) -> Response:
    """Alerts of the visitor's apps, newest first."""
    query = parse_query(AlertQuery, [(name, value) for name, value in visit.asked if value])
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        page = await alerts.listed(connection, query, seen)
        known = await rules.listed(connection, seen)
        apps = await read_issues.list_apps(connection, seen)
        names = await channels.names(connection)
    values = {
        "query": query,
        "fired": in_words(page.items, visit.language),
        "more": visit.next_page(page.next),
        "rules": known,
        "known_rules": {stored.id for stored in known},
        "apps": apps,
        "channels": names,
    }
    return visit.page("alerts.html", values)


async def of_issue(
    visit: Visit, connection: Connection, issue_id: UUID
) -> tuple[list[Fired], Mapping[UUID, str]]:
    """The latest of an issue, and the names of channels."""
    query = AlertQuery(issue=issue_id, limit=SHOWN)
    page = await alerts.listed(connection, query, visit.principal.apps)
    names = await channels.names(connection) if page.items else {}
    return in_words(page.items, visit.language), names


def in_words(found: Sequence[AlertDetail], language: str) -> list[Fired]:
    """What each says happened."""
    words = LANGUAGES[language]
    return [Fired(alert, headline(alert.firing, words)) for alert in found]
