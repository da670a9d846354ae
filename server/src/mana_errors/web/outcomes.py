"""What became of all apps' events in the last day."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from starlette.responses import Response

from mana_errors.model.outcome import CLIENT_OUTCOMES, Outcome
from mana_errors.store import outcomes
from mana_errors.web.visit import Visit

_SPAN: Final = timedelta(days=1)
# What is as it should be; the rest is worth a look.
_KEPT: Final = frozenset({Outcome.STORED, Outcome.SAMPLED, Outcome.DUPLICATE})


class Line(NamedTuple):
    """One app's."""

    app: str
    received: int
    # arrived, and neither stored nor counted
    refused: int
    counts: dict[Outcome, int]


async def show(visit: Visit) -> Response:
    """Apps, those with most refused events first."""
    since = datetime.now(UTC) - _SPAN
    async with visit.reader.connection() as connection:
        found = await outcomes.of_apps(connection, since, visit.principal.apps)
    lines = [_line(app, counts) for app, counts in found.items()]
    lines.sort(key=lambda line: (-line.refused, -line.received, line.app))
    seen = [outcome for outcome in Outcome if any(outcome in line.counts for line in lines)]
    return visit.page("outcomes.html", {"lines": lines, "outcomes": seen})


def _line(app: str, counts: dict[Outcome, int]) -> Line:
    received = sum(n for outcome, n in counts.items() if outcome not in CLIENT_OUTCOMES)
    kept = sum(n for outcome, n in counts.items() if outcome in _KEPT)
    return Line(app, received, received - kept, counts)
