"""Which rules fire: events in, through spool, digest and triage, alerts out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from digesting import NOW, Node, event
from mana_errors.errors import BadRequest
from mana_errors.model.action import Ignore, Merge, Resolve
from mana_errors.model.decision import Check, Explanation, Trial, TrialResult, Unknown
from mana_errors.model.event import Severity
from mana_errors.model.ids import uuid7
from mana_errors.model.rule import (
    Becomes,
    Fact,
    ManyEvents,
    ManyUsers,
    Occurs,
    Rule,
    Silent,
    Trigger,
    Unusual,
)
from mana_errors.store import rules, workflow
from mana_errors.store.audit import COMMAND
from mana_errors.store.db import Connection
from mana_errors.store.read_issues import find_issue
from mana_errors.triage.clock import hear_silence, wake
from mana_errors.triage.explain import explain
from mana_errors.triage.fold import fold_once
from mana_errors.triage.trial import try_rule
from mana_errors.triage.watch import Watch
from rows import add

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(minutes=30)
ANY = Becomes((Fact.NEW, Fact.REGRESSED, Fact.ESCALATED))


@pytest.fixture(autouse=True)
async def _no_default_rule(node: Node) -> None:
    await node.connection.execute("DELETE FROM error_logs.rules")


async def keep(node: Node, trigger: Trigger, **fields: Any) -> UUID:
    rule = Rule(**{"name": "r", "trigger": trigger, **fields})
    return (await rules.create(node.connection, rule, COMMAND)).id


async def channel(connection: Connection) -> UUID:
    channel_id = uuid7()
    target = {"kind": "email", "to": ["owners"]}
    await add(connection, "channels", id=channel_id, name="c", target=target)
    return channel_id


async def fired(node: Node) -> list[dict[str, Any]]:
    """Alerts: what happened, numbers, title; oldest first."""
    return await node.rows(
        "SELECT rule_id, app_id, issue_id, body -> 'fact' AS fact, body -> 'reason' AS reason, "
        "body -> 'issue' AS issue FROM error_logs.alerts ORDER BY id"
    )


async def issue_of(node: Node) -> UUID:
    [row] = await node.rows("SELECT id FROM error_logs.issues")
    return row["id"]


async def act(node: Node, action: Any) -> UUID:
    issue_id = await issue_of(node)
    await workflow.act(node.connection, [issue_id], action, None, COMMAND)
    return issue_id


# --- what becomes of issues


async def test_a_new_issue_fires_once_with_the_facts(node: Node) -> None:
    rule = await keep(node, ANY)
    await node.store(
        event(release="1.0", user_id="a", environment="production"), event(release="1.0")
    )
    await node.store(event())
    [alert] = await fired(node)
    assert (alert["rule_id"], alert["issue_id"]) == (rule, await issue_of(node))
    assert (alert["fact"], alert["reason"]) == ("new", {"release": "1.0"})
    facts = alert["issue"]
    assert (facts["title"], facts["count"], facts["users"]) == ("TypeError: it broke", 2, 1)
    assert (facts["severity"], facts["release"]) == ("error", "1.0")


async def test_regressions_and_escalations_fire(node: Node) -> None:
    await keep(node, Becomes((Fact.REGRESSED, Fact.ESCALATED)), again_after_minutes=0)
    await node.store(event())
    await act(node, Resolve())
    await node.store(event(received_at=LATER, release="2.0"))
    await act(node, Ignore(events=1))
    await node.store(event(received_at=LATER))
    found = [(alert["fact"], alert["reason"]) for alert in await fired(node)]
    assert found == [
        ("regressed", {"release": "2.0"}),
        ("escalated", {"reason": "events", "more": 1}),
    ]


async def test_an_issue_that_wakes_by_the_clock_fires(node: Node) -> None:
    """In the rule's environments: those of its events."""
    await keep(node, Becomes((Fact.ESCALATED,)), environments=("staging",), filter="severity:error")
    await keep(node, Becomes((Fact.ESCALATED,)), environments=("production",))
    await node.store(event(environment="staging"))
    await act(node, Ignore(until=LATER))
    assert await wake(node.connection, Watch(), LATER) == 1
    [alert] = await fired(node)
    assert (alert["fact"], alert["reason"]["reason"]) == ("escalated", "time")


# --- what a rule is about


@pytest.mark.parametrize(
    ("fields", "fires"),
    [
        ({}, True),
        ({"apps": ("chat",)}, True),
        ({"apps": ("shop",)}, False),
        ({"environments": ("production",)}, True),
        ({"environments": ("staging",)}, False),
        ({"enabled": False}, False),
        ({"filter": "severity:>=error"}, True),
        ({"filter": "severity:>error"}, False),
        ({"filter": "type:TypeError !is:resolved"}, True),
        ({"filter": "code:CODE"}, True),
        ({"filter": "code:OTHER"}, False),
        ({"filter": "assigned:none broke"}, True),
        ({"filter": "users:>3"}, False),
        ({"filter": "app:ch* OR nonsense"}, True),
    ],
)
@pytest.mark.parametrize("trigger", [ANY, Occurs()])
async def test_apps_environments_and_filters(
    node: Node, fields: dict[str, Any], trigger: Trigger, *, fires: bool
) -> None:
    for app in ("chat", "shop"):
        await node.connection.execute(
            "INSERT INTO error_logs.apps (id, number, name) VALUES ($1, $2, $1)",
            app,
            len(app) * 7 + ord(app[0]),
        )
    await keep(node, trigger, **fields)
    await node.store(event(environment="production"))
    assert len(await fired(node)) == fires


# --- numbers


async def test_many_events_within_minutes(node: Node) -> None:
    """Exactly so many, in a window that slides: not by whole minutes or hours."""
    await keep(node, ManyEvents(events=4, minutes=10))
    await node.store(*(event(occurred_at=NOW - age * MINUTE) for age in (25, 11, 9)))
    await node.store(event(occurred_at=NOW - 5 * MINUTE))
    assert await fired(node) == []
    await node.store(event(occurred_at=NOW - 2 * MINUTE))
    [alert] = await fired(node)
    assert alert["reason"] == {"events": 4, "from": 4, "minutes": 10}


async def test_one_fold_may_hold_a_whole_storm(node: Node) -> None:
    await keep(node, ManyEvents(events=100, minutes=5))
    await node.store(*(event() for _ in range(120)))
    [alert] = await fired(node)
    assert (alert["reason"]["events"], alert["fact"]) == (120, None)


async def test_what_was_uploaded_late_is_history(node: Node) -> None:
    await keep(node, ManyEvents(events=3, minutes=5))
    old = NOW - timedelta(hours=2)
    await node.store(*(event(occurred_at=old) for _ in range(5)))
    assert await fired(node) == []


async def test_only_events_of_the_rule_s_environments_count(node: Node) -> None:
    await keep(node, ManyEvents(events=3, minutes=5), environments=("production",))
    for _ in range(2):
        await node.store(event(environment="production"), event(environment="staging"))
    assert await fired(node) == []
    await node.store(event(environment="staging"))
    assert await fired(node) == []
    await node.store(event(environment="production"))
    assert len(await fired(node)) == 1


async def test_many_users_within_minutes(node: Node) -> None:
    """Different ones."""
    await keep(node, ManyUsers(users=3, minutes=10))
    await node.store(*(event(user_id="a") for _ in range(5)), event(user_id="b"))
    await node.store(event(user_id="c", occurred_at=NOW - 15 * MINUTE))
    assert await fired(node) == []
    await node.store(event(user_id="c", occurred_at=NOW - 5 * MINUTE))
    [alert] = await fired(node)
    assert alert["reason"] == {"users": 3, "from": 3, "minutes": 10}


async def add_days(node: Node, counts: list[int], now: datetime = NOW) -> None:
    """An issue's events at this hour of so many days before, the latest day first."""
    [row] = await node.rows("SELECT grouping_hash FROM error_logs.issue_hashes")
    hour = now.replace(minute=0, second=0, microsecond=0)
    first = hour - timedelta(days=len(counts))
    await node.connection.execute("UPDATE error_logs.issues SET first_seen = $1", first)
    for day, count in enumerate(counts, start=1):
        await add(
            node.connection, "rollups", grouping_hash=row["grouping_hash"], release="",
            hour=hour - timedelta(days=day), environment="", count=count,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "fires"),
    [([5, 6, 7], True), ([5, 6], False), ([11, 10, 10, 2, 1], False), ([0, 0, 0, 50], True)],
)
async def test_unusual_is_against_the_same_hour_of_days_before(
    node: Node, before: list[int], *, fires: bool
) -> None:
    """Of at least three days, by their median."""
    await keep(node, Unusual(times=2.0, least=10))
    # triage's hour, which may be another one than that in which the tests began
    now = datetime.now(UTC)
    await node.store(event(occurred_at=now))
    await add_days(node, before, now)
    await node.store(*(event(occurred_at=now) for _ in range(19)))
    assert [alert["reason"]["events"] for alert in await fired(node)] == [20] * fires


async def test_an_app_s_silence_is_told_once(node: Node) -> None:
    rule = await keep(node, Silent(minutes=10), again_after_minutes=0)
    await node.connection.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('chat', 1, ''), ('never', 2, '')"
    )
    minute = NOW.replace(second=0, microsecond=0)

    async def reported(at: Any, outcome: str = "stored") -> None:
        await add(node.connection, "outcomes", app_id="chat", outcome=outcome, minute=at, count=1)

    async def listen(after: int) -> int:
        await hear_silence(node.connection, Watch(), minute + after * MINUTE)
        return len(await fired(node))

    await reported(minute)
    assert await listen(10) == 0
    assert [await listen(11), await listen(12), await listen(500)] == [1, 1, 1]
    # refused is not reported
    await reported(minute + 501 * MINUTE, "rate_limited")
    assert await listen(600) == 1
    await reported(minute + 601 * MINUTE)
    assert [await listen(605), await listen(612), await listen(700)] == [1, 2, 2]
    alert = (await fired(node))[0]
    assert (alert["rule_id"], alert["app_id"], alert["issue_id"]) == (rule, "chat", None)
    assert (alert["reason"]["minutes"], alert["reason"]["from"]) == (10, 10)


# --- how often


async def test_it_fires_again_for_an_issue_only_after_a_while(node: Node) -> None:
    await keep(node, Occurs(), again_after_minutes=60)
    watch = Watch()
    for _ in range(3):
        await node.spool([event(), event(error_code="OTHER")])
        await node.drain(watch)
    assert len(await fired(node)) == 2
    await node.connection.execute("UPDATE error_logs.alerts SET at = at - interval '1 hour'")
    await node.store(event())
    assert len(await fired(node)) == 3


async def test_a_digest_is_told_at_its_end(node: Node) -> None:
    """What fires meanwhile shares it, by channel."""
    channels = tuple([await channel(node.connection) for _ in range(2)])
    await keep(node, ANY, channels=channels, digest_minutes=30)
    await node.store(event(error_code="A"), event(error_code="B"))
    await node.store(event(error_code="C"))
    rows = await node.rows(
        "SELECT d.channel_id, count(*), count(DISTINCT due_at) AS times, "
        "min(due_at) - min(a.at) AS waits FROM error_logs.deliveries d "
        "JOIN error_logs.alerts a ON a.id = d.alert_id GROUP BY 1"
    )
    assert {row["channel_id"] for row in rows} == set(channels)
    half_an_hour = timedelta(minutes=30)
    assert [(r["count"], r["times"], r["waits"]) for r in rows] == [(3, 1, half_an_hour)] * 2
    await node.connection.execute("UPDATE error_logs.deliveries SET message_id = id")
    await node.store(event(error_code="D"))
    [row] = await node.rows("SELECT count(DISTINCT due_at) FROM error_logs.deliveries")
    assert row["count"] == 2


# --- what goes wrong, what people do


@pytest.mark.parametrize(
    "broken",
    [
        {"filter": "gone:1"},
        {"quiet": {"zone": "Atlantis/Poseidonis", "start": "22:00", "end": "07:00"}},
        {"trigger": {"kind": "telepathy"}},
    ],
)
async def test_a_rule_that_breaks_costs_only_itself(node: Node, broken: dict[str, Any]) -> None:
    broken_id = await keep(node, ANY)
    await keep(node, ANY)
    await node.connection.execute(
        "UPDATE error_logs.rules SET body = body || $2 WHERE id = $1", broken_id, broken
    )
    await node.store(event())
    assert len(await fired(node)) == 1
    [row] = await node.rows("SELECT failure FROM error_logs.rules WHERE id = $1", broken_id)
    assert row["failure"]


async def test_a_filter_that_postgresql_refuses_rests_and_comes_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await keep(node, Occurs(), filter="assigned:none", again_after_minutes=0)
    await keep(node, ANY)
    watch = Watch()
    with monkeypatch.context() as patch:
        patch.setattr("mana_errors.store.search._issue_match", lambda *_: ("1 / 0 = 1", ()))
        await node.spool([event()])
        await node.drain(watch)
    await node.spool([event()])
    await node.drain(watch)
    assert len(await fired(node)) == 1
    [row] = await node.rows("SELECT failure FROM error_logs.rules WHERE id = $1", rule)
    assert "division by zero" in row["failure"]
    monkeypatch.setattr("mana_errors.triage.watch.Watch.rests", lambda *_: False)
    await node.spool([event()])
    await node.drain(watch)
    assert len(await fired(node)) == 2
    [row] = await node.rows("SELECT failure FROM error_logs.rules WHERE id = $1", rule)
    assert row["failure"] is None


async def test_rules_are_read_once_per_change(node: Node) -> None:
    watch = Watch()
    rule = await keep(node, ANY)
    await node.spool([event(error_code="A")])
    await node.drain(watch)
    # nobody changes rules so
    await node.connection.execute("UPDATE error_logs.rules SET body = '{}'")
    await node.spool([event(error_code="B")])
    await node.drain(watch)
    assert len(await fired(node)) == 2
    await rules.delete(node.connection, (await _stored(node, rule)), COMMAND)
    await node.spool([event(error_code="C")])
    await node.drain(watch)
    assert len(await fired(node)) == 2


async def _stored(node: Node, rule_id: UUID) -> Any:
    body = {"name": "r", "trigger": {"kind": "occurs"}}
    await node.connection.execute(
        "UPDATE error_logs.rules SET body = $2 WHERE id = $1", rule_id, body
    )
    return await rules.find(node.connection, rule_id, None)


async def test_a_fold_that_is_cut_off_fires_nothing_and_then_once(node: Node) -> None:
    await keep(node, ManyEvents(events=3, minutes=5))
    watch = Watch()
    await node.spool([event(), event(), event()])
    await node.digest_all()
    cut = node.connection.transaction()
    await cut.start()
    await fold_once(node.connection, watch)
    assert len(await fired(node)) == 1
    await cut.rollback()
    assert await fired(node) == []
    await fold_once(node.connection, watch)
    assert len(await fired(node)) == 1


async def test_alerts_follow_a_merge_and_its_undoing(node: Node) -> None:
    await keep(node, ANY, again_after_minutes=60)
    await node.store(event(error_code="A"), event(error_code="B"))
    before = {alert["issue_id"] for alert in await fired(node)}
    into, other = sorted(before)
    merging = Merge(into=into)
    acted = await workflow.act(node.connection, [other], merging, None, COMMAND)
    assert {alert["issue_id"] for alert in await fired(node)} == {into}
    assert acted.undo is not None
    await workflow.undo(node.connection, acted.undo, None, COMMAND)
    assert {alert["issue_id"] for alert in await fired(node)} == before


async def test_severity_is_that_of_the_issue(node: Node) -> None:
    await keep(node, Occurs(), filter="severity:critical", again_after_minutes=0)
    await node.store(event())
    await node.store(event(severity=Severity.CRITICAL))
    await node.store(event())
    assert len(await fired(node)) == 2


# --- tried on what is stored, and explained


async def trial(node: Node, trigger: Trigger, **fields: Any) -> TrialResult:
    rule = Rule(**{"name": "r", "trigger": trigger, **fields})
    return await try_rule(node.connection, Trial(rule, days=7), None, LATER)


@pytest.mark.parametrize(
    ("trigger", "times"),
    [
        (ManyEvents(events=3, minutes=5), 2),
        (ManyEvents(events=4, minutes=5), 0),
        (ManyUsers(users=2, minutes=5), 1),
        (Occurs(), 3),
        (ANY, 2),
    ],
)
async def test_a_trial_fires_as_often_as_the_rule_would_have(
    node: Node, trigger: Trigger, times: int
) -> None:
    """Event by event, with back-off."""
    day = timedelta(days=1)
    for ago, code, user in [
        (3 * day, "A", None), (3 * day - MINUTE, "A", "a"), (3 * day - 2 * MINUTE, "A", "b"),
        (3 * day - 50 * MINUTE, "A", "c"), (2 * day, "A", None), (2 * day - MINUTE, "A", None),
        (2 * day - 2 * MINUTE, "A", None), (2 * day - 80 * MINUTE, "B", None),
    ]:  # fmt: skip
        at = NOW - ago
        await node.spool([event(occurred_at=at, received_at=at, error_code=code, user_id=user)])
    await node.drain()
    result = await trial(node, trigger)
    assert result.fired == times == sum(day.times for day in result.days)
    assert len(result.days) == 8
    assert sum(issue.times for issue in result.by_issue) == len(result.moments) == times
    assert all(issue.title == "TypeError: it broke" for issue in result.by_issue)


async def test_a_trial_looks_at_filters_environments_and_apps(node: Node) -> None:
    await node.connection.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('chat', 1, ''), ('shop', 2, '')"
    )
    await node.store(
        event(environment="production"), event(error_code="B"), event(app_id="shop", user_id="u")
    )
    assert (await trial(node, Occurs())).fired == 3
    assert (await trial(node, Occurs(), apps=("shop",))).fired == 1
    assert (await trial(node, Occurs(), filter="code:B")).fired == 1
    assert (await trial(node, Occurs(), environments=("production",))).fired == 1
    assert (await trial(node, ANY, environments=("production",))).fired == 1
    rule = Rule(name="r", trigger=Occurs())
    seen = await try_rule(node.connection, Trial(rule), frozenset({"chat"}), LATER)
    assert seen.fired == 2
    with pytest.raises(BadRequest, match="filter, character 1"):
        await trial(node, Occurs(), filter="gone:1")


async def test_a_trial_of_unusual_hours_and_of_silence(node: Node) -> None:
    await node.store(*(event() for _ in range(20)))
    await add_days(node, [5, 6, 7, 5])
    assert (await trial(node, Unusual(times=2.0, least=10))).fired == 1
    assert (await trial(node, Unusual(times=5.0, least=10))).fired == 0
    await node.connection.execute(
        "INSERT INTO error_logs.apps (id, number, name) VALUES ('never', 99, '')"
    )
    await node.connection.execute("DELETE FROM error_logs.outcomes")
    start = NOW.replace(second=0, microsecond=0) - timedelta(days=1)
    for after in (0, 5, 20, 22):
        await add(
            node.connection, "outcomes", app_id="chat", outcome="stored", count=1,
            minute=start + after * MINUTE,
        )  # fmt: skip
    result = await trial(node, Silent(minutes=10), again_after_minutes=0)
    assert [moment.at for moment in result.moments] == [
        start + 33 * MINUTE, start + 16 * MINUTE,
    ]  # fmt: skip


async def test_a_trial_that_takes_too_long_says_so(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mana_errors.triage.trial.BUDGET_S", -1.0)
    await node.store(event())
    assert Unknown.REST in (await trial(node, Occurs())).unknown


async def explained(node: Node, rule_id: UUID) -> Explanation:
    stored = await rules.find(node.connection, rule_id, None)
    issue = await find_issue(node.connection, await issue_of(node), None)
    return await explain(node.connection, stored, issue, LATER)


async def test_explaining_says_what_holds_and_what_does_not(node: Node) -> None:
    fields = {"environments": ("production",), "filter": "severity:critical"}
    rule = await keep(node, ManyEvents(events=3, minutes=60), **fields)
    await node.store(event(environment="production"), event(environment="staging"))
    said = await explained(node, rule)
    assert not said.fires
    assert {step.check.value: step.holds for step in said.steps} == {
        "enabled": True, "app": True, "environment": True, "backOff": True, "events": False,
        "filter": False,
    }  # fmt: skip
    assert [step.words for step in said.steps if not step.holds] == [
        "too few events: 1 of 3 events within 60 minutes",
        "the filter does not find the issue",
    ]
    assert (said.last_fired_at, said.muted_events) == (None, 0)


async def test_explaining_says_what_was_muted(node: Node) -> None:
    rule = await keep(node, Occurs(), again_after_minutes=1440)
    await node.store(event())
    await node.store(event(), event())
    said = await explained(node, rule)
    [step] = [step for step in said.steps if not step.holds]
    assert step.check is Check.BACK_OFF
    assert "fires again after 1440" in step.words
    assert (said.last_fired_at is not None, said.muted_events) == (True, 2)


@pytest.mark.parametrize(
    "trigger", [ANY, Occurs(), ManyUsers(users=2, minutes=5), Unusual(times=2.0), Silent(minutes=5)]
)
async def test_every_trigger_can_be_explained(node: Node, trigger: Trigger) -> None:
    rule = await keep(node, trigger)
    await node.store(event())
    said = await explained(node, rule)
    assert all(step.words for step in said.steps)
