"""The ledger of one app: what became of every event that was received."""

from datetime import UTC, datetime
from typing import Any, Final

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.outcome import Outcomes
from mana_errors.model.query import OutcomeQuery
from mana_errors.store import apps, outcomes


async def _list_outcomes(call: Call[OutcomeQuery, NoBody]) -> Outcomes:
    app_id = call.path["app"]
    call.principal.must_see(app_id)
    async with call.reader.connection() as connection:
        await apps.find(connection, app_id)
        return await outcomes.of_app(connection, app_id, call.query, datetime.now(UTC))


OUTCOME_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/apps/{app}/outcomes",
        operation="listOutcomes",
        summary="What became of an app's events: received is the sum of the outcomes",
        scope="read",
        query=OutcomeQuery,
        body=NoBody,
        answer=Outcomes,
        errors=(400, 404),
        handler=_list_outcomes,
    ),
)
