"""Events of a search, counted over time and by a field."""

from datetime import UTC, datetime, timedelta
from typing import Final

from mana_errors.errors import BadRequest
from mana_errors.model.exploring import BUCKETS, Bucket, Histogram, HistogramQuery, ValueCount
from mana_errors.model.principal import Apps
from mana_errors.model.query import in_utc
from mana_errors.store.db import Connection
from mana_errors.store.queries import load
from mana_errors.store.read_events import events_of, window_of
from mana_errors.store.search import event_condition, event_value

_SQL: Final = load("explore")
_END: Final = load("read_events")["end"]
MAX_VALUES: Final = 20
DEFAULT_SPAN: Final = timedelta(hours=24)


async def count_events(
    connection: Connection, query: HistogramQuery, apps: Apps, now: datetime | None = None
) -> Histogram:
    """Occurrences by time and by a field. Raises SearchSyntax, and BadRequest for times that make
    no sense."""
    until = in_utc(query.until or now or datetime.now(UTC))
    since = in_utc(query.since) if query.since else until - DEFAULT_SPAN
    if since >= until:
        raise BadRequest("from: must be before to")
    step = max((until - since) / BUCKETS, timedelta(seconds=1))
    source, filters, search = events_of(query, apps)
    filters.add("e.occurred_at >= {} AND e.occurred_at < {}", since, until)
    size = source.window(1)
    window = window_of(source, filters, size)
    before = tuple(filters.values)
    sql = _SQL["histogram"].format(
        window=window,
        searched=filters.write(event_condition(search)),
        by=filters.write(event_value(query.by)),
        step=f"{filters.value(step)}::interval",
        since=f"{filters.value(since)}::timestamptz",
        limit=MAX_VALUES,
    )
    rows = await connection.fetch(sql, *filters.values)
    counts = {row["at"]: row["count"] for row in rows if row["at"] is not None}
    end = await _end(connection, window, before, size)
    return Histogram(
        since=since,
        until=until,
        step_s=step.total_seconds(),
        complete=end is None,
        counted_from=end or since,
        count=sum(counts.values()),
        buckets=[
            Bucket(at, counts.get(at, 0))
            for at in (since + step * number for number in range(BUCKETS))
            if at < until
        ],
        values=[ValueCount(row["value"], row["count"]) for row in rows if row["at"] is None],
    )


async def _end(
    connection: Connection, window: str, values: tuple[object, ...], size: int
) -> datetime | None:
    """The time of the last event that was counted, where there are more before it."""
    sql = _END.format(window=window, before=size - 1)
    row = await connection.fetchrow(sql, *values)
    return None if row is None else row["occurred_at"]
