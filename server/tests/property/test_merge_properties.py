"""Issues are what their own events make them, whatever is merged, taken apart, undone and deleted
while new events come."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mana_errors.digest.facets import Fresh
from mana_errors.digest.summarize import summarize
from mana_errors.model.action import Delete, Merge
from mana_errors.model.event import Event, Severity
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.grouping import Grouping
from mana_errors.model.ids import uuid7
from mana_errors.store import db, deltas, workflow
from mana_errors.store.audit import COMMAND
from mana_errors.triage.fold import fold_once

T = TypeVar("T")
START = datetime(2026, 1, 1, tzinfo=UTC)
HASHES = [UUID(int=n) for n in range(1, 6)]
SEVERITIES = list(Severity)


def grouped(number: int, hour: int, severity: Severity, user: int) -> GroupedEvent:
    """An event of a hash; its words and release say when it was."""
    at = START + timedelta(hours=hour)
    event = Event(
        id=uuid7(), occurred_at=at, received_at=at, app_id="chat", error_code="C",
        error_type=f"T{hour}", message="m", severity=severity, release=f"1.{hour}",
        user_id=f"u{user}" if user else None,
    )  # fmt: skip
    grouping = Grouping(f"f{number}", HASHES[number], f"title {number} {hour}", f"{hour}", ())
    return GroupedEvent(event, grouping)


@dataclass
class Model:
    """What is true, by hash."""

    events: defaultdict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    # hash -> issue
    issue: dict[int, UUID] = field(default_factory=dict)

    def issues(self) -> dict[UUID, list[int]]:
        found: defaultdict[UUID, list[int]] = defaultdict(list)
        for number, issue in self.issue.items():
            found[issue].append(number)
        return found

    def firsts(self) -> list[int]:
        """One hash of each issue: ids are new in every run, and what is drawn must not be."""
        return sorted(min(own) for own in self.issues().values())


class Merging(RuleBasedStateMachine):
    """One database for all runs: each begins by emptying it."""

    dsn = ""
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.undo: UUID | None = None
        self.before: dict[int, UUID] = {}
        self.connection = self.run(db.connect(self.dsn))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.connection.close())

    @initialize()
    def empty(self) -> None:
        tables = (
            "issues, issue_hashes, rollups, user_sketches, merged_hashes, merged_issues, activity, "
            "undos"
        )
        names = ", ".join(f"error_logs.{name}" for name in tables.split(", "))
        self.run(self.connection.execute(f"TRUNCATE {names}"))

    @rule(
        batch=st.lists(
            st.builds(
                grouped,
                st.integers(0, len(HASHES) - 1),
                # not twice at the same time: which one is the latest would be anybody's guess
                st.integers(0, 10**6),
                st.sampled_from(SEVERITIES),
                st.integers(0, 4),
            ),
            min_size=1,
            max_size=6,
            unique_by=lambda item: item.event.occurred_at,
        )
    )
    def fold(self, batch: list[GroupedEvent]) -> None:
        taken = {event.occurred_at for events in self.model.events.values() for event in events}
        batch = [item for item in batch if item.event.occurred_at not in taken]
        if not batch:
            return
        # Deleted issues' hashes take no events from before the deletion.
        now = datetime.now(UTC) + timedelta(hours=1)
        batch = [
            msgspec.structs.replace(
                item, event=msgspec.structs.replace(item.event, received_at=now)
            )
            for item in batch
        ]
        self.run(deltas.insert(self.connection, UUID(int=1), summarize(batch, Fresh())))
        self.run(fold_once(self.connection))
        for item in batch:
            number = HASHES.index(item.grouping.grouping_hash)
            self.model.events[number].append(item.event)
            if number not in self.model.issue:
                row = self.connection.fetchval(
                    "SELECT issue_id FROM error_logs.issue_hashes WHERE grouping_hash = $1",
                    HASHES[number],
                )
                self.model.issue[number] = self.run(row)

    @precondition(lambda self: len(self.model.issues()) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        chosen = st.lists(st.sampled_from(self.model.firsts()), min_size=2, unique=True)
        ids = [self.model.issue[number] for number in data.draw(chosen)]
        self.before = dict(self.model.issue)
        acted = workflow.act(self.connection, ids, Merge(into=ids[0]), None, COMMAND)
        self.undo = self.run(acted).undo
        for number, issue in self.model.issue.items():
            self.model.issue[number] = ids[0] if issue in ids else issue

    @precondition(lambda self: self.undo is not None)
    @rule()
    def take_back(self) -> None:
        """Right after the merge, or after events have come."""
        assert self.undo is not None
        self.run(workflow.undo(self.connection, self.undo, None, COMMAND))
        self.model.issue.update(self.before)
        self.undo = None

    @precondition(lambda self: any(len(own) > 1 for own in self.model.issues().values()))
    @rule(data=st.data())
    def unmerge(self, data: st.DataObject) -> None:
        issues = self.model.issues()
        firsts = [n for n in self.model.firsts() if len(issues[self.model.issue[n]]) > 1]
        issue = self.model.issue[data.draw(st.sampled_from(firsts))]
        own = sorted(issues[issue])
        chosen = st.lists(st.sampled_from(own), min_size=1, max_size=len(own) - 1, unique=True)
        numbers = data.draw(chosen)
        hashes = [HASHES[number] for number in numbers]
        made = self.run(workflow.unmerge(self.connection, issue, hashes, None, COMMAND))
        self.model.issue.update(dict.fromkeys(numbers, made))
        self.undo = None

    @precondition(lambda self: bool(self.model.issue))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        issue = self.model.issue[data.draw(st.sampled_from(self.model.firsts()))]
        self.run(workflow.act(self.connection, [issue], Delete(), None, COMMAND))
        for number in self.model.issues()[issue]:
            del self.model.issue[number]
            self.model.events[number].clear()
        self.undo = None

    @invariant()
    def each_issue_is_what_its_events_make_it(self) -> None:
        rows = self.run(self.connection.fetch("SELECT * FROM error_logs.issues"))
        assert {row["id"] for row in rows} == self.model.issues().keys()
        for row in rows:
            own = self.model.issues()[row["id"]]
            events = [event for number in own for event in self.model.events[number]]
            first = min(events, key=lambda event: event.occurred_at)
            last = max(events, key=lambda event: event.occurred_at)
            assert row["count"] == len(events)
            assert row["users"] == len({event.user_id for event in events} - {None})
            assert (row["first_seen"], row["first_release"]) == (first.occurred_at, first.release)
            assert (row["last_seen"], row["last_release"]) == (last.occurred_at, last.release)
            assert (row["error_type"], row["culprit"]) == (last.error_type, last.error_type[1:])
            worst = max((event.severity for event in events), key=lambda severity: severity.rank)
            assert row["severity"] == worst

    @invariant()
    def nothing_is_left_of_what_is_gone(self) -> None:
        kept = [HASHES[number] for number in self.model.issue]
        merged = [
            HASHES[number] for own in self.model.issues().values() if len(own) > 1 for number in own
        ]
        for table, expected in (("rollups", kept), ("merged_hashes", merged)):
            query = f"SELECT DISTINCT grouping_hash FROM error_logs.{table}"
            rows = self.run(self.connection.fetch(query))
            assert {row["grouping_hash"] for row in rows} == set(expected), table


def test_each_issue_is_what_its_events_make_it(migrated_dsn: str) -> None:
    with asyncio.Runner() as runner:
        Merging.dsn, Merging.loop = migrated_dsn, runner.get_loop()
        case = Merging.TestCase
        case.settings = settings(
            max_examples=settings().max_examples * 2 // 5,
            stateful_step_count=15,
            deadline=None,
            database=None,
            # shrinking steps that each wait for PostgreSQL takes longer than reading them
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        case().runTest()
