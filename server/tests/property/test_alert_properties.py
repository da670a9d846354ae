"""Random streams, rules and crashes: what fires is what a reference fires that knows the events
alone, keeps nothing between folds and has no fast ways."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digesting import NOW, Node, event
from harness import Cluster
from mana_errors.model.event import Severity
from mana_errors.model.rule import (
    Becomes,
    Fact,
    ManyEvents,
    ManyUsers,
    Occurs,
    Rule,
    Trigger,
)
from mana_errors.store import db, rules
from mana_errors.store.audit import COMMAND
from mana_errors.triage.fold import fold_once
from mana_errors.triage.watch import Watch

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ENVIRONMENTS = ("production", "staging")


class Reported(NamedTuple):
    """One event."""

    code: str
    environment: str
    severity: Severity
    user: str | None
    minutes_ago: int


reported = st.builds(
    Reported,
    st.sampled_from("AB"),
    st.sampled_from(ENVIRONMENTS),
    st.sampled_from([Severity.WARNING, Severity.ERROR]),
    st.sampled_from(["u", "v", None]),
    st.sampled_from([0, 1, 3, 8, 30, 70, 200]),
)
triggers: st.SearchStrategy[Trigger] = st.one_of(
    st.just(Becomes((Fact.NEW,))),
    st.just(Occurs()),
    st.builds(ManyEvents, events=st.integers(1, 6), minutes=st.sampled_from([1, 5, 60])),
    st.builds(ManyUsers, users=st.integers(1, 2), minutes=st.sampled_from([1, 5, 60])),
)
FILTERS = {
    "": bool,
    "severity:error": lambda issue: any(e.severity is Severity.ERROR for e in issue),
    "!severity:>=error code:A": lambda issue: (
        issue[0].code == "A" and all(e.severity is Severity.WARNING for e in issue)
    ),
    "count:>3": lambda issue: len(issue) > 3,
    "environment:staging OR users:>1": lambda issue: (
        any(e.environment == "staging" for e in issue) or len({e.user for e in issue} - {None}) > 1
    ),
}
made = st.builds(
    Rule,
    name=st.just("r"),
    trigger=triggers,
    environments=st.sampled_from([None, ("production",), ENVIRONMENTS]),
    filter=st.sampled_from(sorted(FILTERS)),
    again_after_minutes=st.sampled_from([0, 60]),
)
# A fold's events, and what happens at its end.
folds = st.lists(
    st.tuples(st.lists(reported, min_size=1, max_size=6), st.sampled_from(["", "cut", "restart"])),
    min_size=1,
    max_size=6,
)


class Reference:
    """Fires by the whole history of an issue, each time."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._issues: dict[str, list[Reported]] = {}
        self._fired: set[str] = set()

    def fold(self, events: list[Reported]) -> list[str]:
        fires: list[str] = []
        for code in sorted({item.code for item in events}):
            batch = [item for item in events if item.code == code]
            is_new = code not in self._issues
            issue = self._issues.setdefault(code, [])
            issue += batch
            wanted = self._rule.environments
            of_rule = [e for e in issue if wanted is None or e.environment in wanted]
            seen = wanted is None or any(e.environment in wanted for e in batch)
            muted = code in self._fired and self._rule.again_after_minutes > 0
            if (
                seen
                and not muted
                and self._reached(of_rule, again=code in self._fired, is_new=is_new)
                and FILTERS[self._rule.filter](issue)
            ):
                self._fired.add(code)
                fires.append(code)
        return fires

    def _reached(self, issue: list[Reported], *, again: bool, is_new: bool) -> bool:
        match self._rule.trigger:
            case Becomes():
                return is_new
            case ManyEvents(events=least, minutes=minutes):
                return any(
                    len(inside) >= least for inside in self._windows(issue, minutes, again=again)
                )
            case ManyUsers(users=least, minutes=minutes):
                return any(
                    len({e.user for e in inside} - {None}) >= least
                    for inside in self._windows(issue, minutes, again=again)
                )
            case _:
                return True

    def _windows(
        self, issue: list[Reported], minutes: int, *, again: bool
    ) -> Iterator[list[Reported]]:
        """That end within the last hour, and after the rule fired: it fires now, no event is
        later than that."""
        for end in issue:
            if end.minutes_ago < 60 and not again:
                yield [e for e in issue if 0 <= e.minutes_ago - end.minutes_ago <= minutes]


async def alerts_of(node: Node) -> list[str]:
    rows = await node.rows(
        "SELECT f.pairs FROM error_logs.alerts a JOIN error_logs.issue_hashes h USING (issue_id) "
        "JOIN error_logs.facets f USING (grouping_hash) ORDER BY a.id"
    )
    return [code for row in rows for code in "AB" if f"code={code}" in row["pairs"]]


async def run(node: Node, rule: Rule, stream: list[tuple[list[Reported], str]]) -> None:
    await node.connection.execute("DELETE FROM error_logs.rules")
    await rules.create(node.connection, rule, COMMAND)
    reference, watch = Reference(rule), Watch()
    expected: list[str] = []
    for events, ending in stream:
        await node.spool([_event(item) for item in events])
        await node.digest_all()
        if ending == "cut":
            # The transaction is cut off at its very end and done again.
            transaction = node.connection.transaction()
            await transaction.start()
            await fold_once(node.connection, watch)
            await transaction.rollback()
        if ending == "restart":
            watch = Watch()
        await fold_once(node.connection, watch)
        expected += reference.fold(events)
        assert sorted(await alerts_of(node)) == sorted(expected)


def _event(item: Reported) -> Any:
    at = NOW - item.minutes_ago * MINUTE
    return event(
        error_code=item.code, environment=item.environment, severity=item.severity,
        user_id=item.user, occurred_at=at,
    )  # fmt: skip


def _plain(ago: int) -> tuple[list[Reported], str]:
    return [Reported("A", "production", Severity.ERROR, None, ago)], ""


# What is too old to count is known of, so that what is missing is remembered from fold to fold.
@example(
    rule=Rule(name="r", trigger=ManyEvents(events=3, minutes=5)),
    stream=[*[_plain(200)] * 3, *[_plain(1)] * 3],
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=made, stream=folds)
def test_what_fires_is_what_the_reference_fires(
    cluster: Cluster, template: str, rule: Rule, stream: list[tuple[list[Reported], str]]
) -> None:
    async def on_a_fresh_database(dsn: str, directory: Path) -> None:
        connection = await db.connect(dsn)
        try:
            await run(Node(dsn, directory, connection), rule, stream)
        finally:
            await connection.close()

    dsn = cluster.create(template)
    try:
        with TemporaryDirectory() as directory:
            asyncio.run(on_a_fresh_database(dsn, Path(directory)))
    finally:
        cluster.drop(dsn)
