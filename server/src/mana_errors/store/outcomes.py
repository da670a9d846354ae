"""The ledger: what became of every received event, by app and minute; and what events take."""

from datetime import UTC, datetime, timedelta
from typing import Final

from mana_errors.errors import BadRequest
from mana_errors.model.outcome import (
    CLIENT_OUTCOMES,
    AppDay,
    Outcome,
    OutcomeBucket,
    OutcomeCount,
    Outcomes,
)
from mana_errors.model.principal import Apps
from mana_errors.model.query import OutcomeQuery, Resolution, in_utc
from mana_errors.store.db import Connection
from mana_errors.store.queries import load

_SQL: Final = load("outcomes")
# A day by the minute, or two months by the hour: what a chart can show.
MAX_BUCKETS: Final = 1_500
DEFAULT_SPAN: Final = timedelta(days=1)
_STEPS: Final = {
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAY: timedelta(days=1),
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def add(connection: Connection, lines: list[OutcomeCount]) -> None:
    """Add to the ledger, within the transaction that stores a batch. Each key once, sorted."""
    if lines:
        await connection.execute(
            _SQL["add"],
            [line.app_id for line in lines],
            [line.outcome for line in lines],
            [line.minute for line in lines],
            [line.count for line in lines],
        )


async def add_days(connection: Connection, days: list[AppDay]) -> None:
    """Add what a batch's stored events take, within its transaction. Each key once, sorted."""
    if days:
        await connection.execute(
            _SQL["add_days"],
            [day.app_id for day in days],
            [day.day for day in days],
            [day.events for day in days],
            [day.bytes for day in days],
        )


async def of_app(
    connection: Connection, app_id: str, query: OutcomeQuery, now: datetime
) -> Outcomes:
    """What became of an app's events, by buckets. Raises BadRequest for too many of them."""
    step = _STEPS[query.resolution]
    span = _span(query, step, now)
    starts = [_EPOCH + number * step for number in span]
    counts: dict[datetime, dict[Outcome, int]] = {start: {} for start in starts}
    totals: dict[Outcome, int] = {}
    bounds = (_EPOCH + span.start * step, _EPOCH + span.stop * step)
    for row in await connection.fetch(_SQL["of_app"], app_id, step, *bounds):
        outcome = Outcome(row["outcome"])
        counts[row["start"]][outcome] = row["count"]
        totals[outcome] = totals.get(outcome, 0) + row["count"]
    items = [OutcomeBucket(start, _received(of), of) for start, of in counts.items()]
    return Outcomes(items, _received(totals), totals)


async def of_apps(
    connection: Connection, since: datetime, apps: Apps
) -> dict[str, dict[Outcome, int]]:
    """What became of the events of each app since then."""
    found: dict[str, dict[Outcome, int]] = {}
    for row in await connection.fetch(_SQL["of_apps"], since, None if apps is None else list(apps)):
        found.setdefault(row["app_id"], {})[Outcome(row["outcome"])] = row["count"]
    return found


def _received(counts: dict[Outcome, int]) -> int:
    return sum(count for outcome, count in counts.items() if outcome not in CLIENT_OUTCOMES)


def _span(query: OutcomeQuery, step: timedelta, now: datetime) -> range:
    """Numbers of the buckets since 1970, up to the one that is not over yet."""
    until = now if query.until is None else min(in_utc(query.until), now)
    stop = -((_EPOCH - until) // step)
    first = stop - DEFAULT_SPAN // step
    if query.since is not None:
        first = (in_utc(query.since) - _EPOCH) // step
    start, stop = max(first, 0), max(stop, 0)
    if stop - start > MAX_BUCKETS:
        raise BadRequest(f"more than {MAX_BUCKETS} items: ask for less time or another resolution")
    return range(min(start, stop), stop)
