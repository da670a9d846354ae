"""Whatever an app has stored: trimming keeps what is protected, takes the least useful first,
counts right, and ends within the budget or with protected events alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mana_errors.model.ids import uuid7
from mana_errors.retention import budgets
from mana_errors.retention.budgets import trim
from mana_errors.store import db, partitions
from rows import NOON, add, add_issue

# Every example is an app of its own, so that none must clean up.
apps = map("app-{}".format, count())


@dataclass(frozen=True)
class Stored:
    """An event as it is drawn; minutes before and after a fixed noon."""

    hash: int
    release: str | None
    environment: str | None
    occurred: int
    received: int
    # of its message, and in the spool
    size: int
    bytes: int


minutes = st.integers(-3000, 0) | st.integers(-3, 0)
events = st.builds(
    Stored,
    hash=st.sampled_from([0, 0, 0, 1, 1, 2]),
    release=st.sampled_from([None, None, None, None, "1"]),
    environment=st.sampled_from([None, None, None, "production"]),
    occurred=minutes,
    received=minutes,
    size=st.integers(1, 4000),
    bytes=st.integers(200, 5000),
)
# of the issues of the first hash, and of the two others, which are merged
regressions = st.tuples(st.none() | minutes, st.none() | minutes)


class World:
    """One app in the database."""

    def __init__(self, connection: db.Connection) -> None:
        self.app = next(apps)
        self.connection = connection
        self.ids: dict[UUID, Stored] = {}
        self.hashes = [uuid7() for _ in range(3)]

    async def fill(self, drawn: list[Stored], regressed: Iterable[int | None]) -> None:
        first, second = [None if at is None else NOON + timedelta(minutes=at) for at in regressed]
        merged = self.hashes[1]
        await add_issue(
            self.connection, id=self.hashes[0], app_id=self.app, count=7, regressed_at=first
        )
        await add_issue(self.connection, id=merged, app_id=self.app, count=9, regressed_at=second)
        await add(
            self.connection, "issue_hashes", grouping_hash=self.hashes[2], issue_id=merged,
            app_id=self.app, fingerprint="f", components=[],
        )  # fmt: skip
        self.ids = {uuid7(): event for event in drawn}
        columns = ("id", "error_code", "error_type", "message", "app_id", "fingerprint",
                   "occurred_at", "received_at", "grouping_hash", "protocol", "release",
                   "environment")  # fmt: skip
        await self.connection.copy_records_to_table(
            "error_logs", schema_name="error_logs", columns=columns,
            records=[self._row(item, event) for item, event in self.ids.items()],
        )  # fmt: skip
        days: dict[date, list[Stored]] = {}
        for event in drawn:
            days.setdefault(_time(event.occurred).date(), []).append(event)
        for day, those in days.items():
            total = sum(event.bytes for event in those)
            await add(
                self.connection, "app_days", app_id=self.app, day=day, events=len(those),
                bytes=total,
            )  # fmt: skip

    def _row(self, item: UUID, event: Stored) -> tuple[Any, ...]:
        return (
            item, "CODE", "Error", "m" * event.size, self.app, f"f-{event.hash}",
            _time(event.occurred), _time(event.received), self.hashes[event.hash], "native",
            event.release, event.environment,
        )  # fmt: skip

    async def left(self) -> set[UUID]:
        query = "SELECT id FROM error_logs.error_logs WHERE app_id = $1"
        return {row["id"] for row in await self.connection.fetch(query, self.app)}

    async def bytes(self) -> int:
        query = "SELECT COALESCE(sum(bytes), 0)::bigint FROM error_logs.app_days WHERE app_id = $1"
        return await self.connection.fetchval(query, self.app)

    async def days(self) -> dict[date, int]:
        query = "SELECT day, events FROM error_logs.app_days WHERE app_id = $1 AND events > 0"
        rows = await self.connection.fetch(query, self.app)
        return {row["day"]: row["events"] for row in rows}

    async def counters(self) -> list[Any]:
        query = "SELECT * FROM error_logs.issues WHERE app_id = $1 ORDER BY id"
        return [tuple(row) for row in await self.connection.fetch(query, self.app)]

    def edges(self) -> set[UUID]:
        """First and last of each hash, and of each of its releases and environments."""
        groups: dict[Any, list[UUID]] = {}
        for item, event in self.ids.items():
            of_hash = (event.hash,)
            for key in (of_hash, (*of_hash, event.release, event.environment)):
                groups.setdefault(key, []).append(item)
        ends = (sorted(group, key=self._order) for group in groups.values())
        return {item for group in ends for item in (group[0], group[-1])}

    def exemplars(self, regressed: Iterable[int | None]) -> list[set[UUID]]:
        """Of each regression the events received nearest to it, of which one must stay."""
        found: list[set[UUID]] = []
        for hashes, at in zip(({0}, {1, 2}), regressed, strict=True):
            distances = {
                item: abs(event.received - at)
                for item, event in self.ids.items()
                if at is not None and event.hash in hashes
            }
            nearest = min(distances.values(), default=0)
            found += [{item for item, d in distances.items() if d == nearest}] if distances else []
        return found

    def _order(self, item: UUID) -> tuple[Any, ...]:
        return (self.ids[item].occurred, item)


def _time(offset: int) -> Any:
    return NOON + timedelta(minutes=offset)


@settings(
    max_examples=settings().max_examples * 3 // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    drawn=st.lists(events, max_size=9) | st.lists(events, min_size=20, max_size=60),
    regressed=regressions,
    share=st.integers(0, 60) | st.just(100), chunk=st.sampled_from([1, 7, 1000]),
)  # fmt: skip
async def test_trimming(
    drawn: list[Stored], regressed: tuple[int | None, int | None], share: int, chunk: int,
    migrated_dsn: str,
) -> None:  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budgets, "PAUSE_S", 0)
        patch.setattr(budgets.budgets, "CHUNK", chunk)
        connection = await db.connect(migrated_dsn)
        try:
            await check(World(connection), drawn, regressed, share)
        finally:
            await connection.close()


async def check(
    world: World, drawn: list[Stored], regressed: tuple[int | None, int | None], share: int
) -> None:
    days = {_time(event.occurred).date() for event in drawn}
    await partitions.ensure(world.connection, days)
    await world.fill(drawn, regressed)
    counters, before = await world.counters(), await world.bytes()
    excess = before * share // 100
    freed = await trim(world.connection, world.app, excess)
    left = await world.left()

    exemplars = world.exemplars(regressed)
    assert world.edges() <= left
    assert all(nearest & left for nearest in exemplars)
    spare = left - world.edges() - {item for nearest in exemplars for item in nearest}
    within = await world.bytes() <= before - excess
    assert within or not spare
    assert excess or freed.events == 0

    assert await world.counters() == counters
    assert len(world.ids) - len(left) == freed.events
    # a part of a day's bytes is rounded up
    assert 0 <= await world.bytes() - (before - freed.bytes) <= freed.events
    assert await world.days() == Counter(_time(world.ids[item].occurred).date() for item in left)
    # of those that are as near to a regression only one is protected
    assert_most_give_first(world, left, spare, sum(len(nearest) - 1 for nearest in exemplars))


def assert_most_give_first(world: World, left: set[UUID], spare: set[UUID], tied: int) -> None:
    """No hash gave while another had two spare bodies more than are left to it."""
    spares = Counter(world.ids[item].hash for item in spare)
    for item in world.ids.keys() - left:
        gave = world.ids[item].hash
        assert max(spares.values(), default=0) <= spares[gave] + 1 + tied
