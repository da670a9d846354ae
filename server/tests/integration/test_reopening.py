"""Which issues come back: events in, through spool, digest and triage."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from digesting import NOW, Node, event, event_now
from mana_errors.model.action import Action, Ignore, Resolve
from mana_errors.store import workflow
from mana_errors.store.audit import COMMAND
from mana_errors.triage.clock import wake
from mana_errors.triage.watch import Watch

# Received after whatever the test did: its clock and PostgreSQL's are the machine's.
LATER = NOW + timedelta(minutes=30)


async def only(node: Node) -> dict[str, Any]:
    [issue] = await node.rows("SELECT * FROM error_logs.issues")
    return issue


async def act(node: Node, action: Action) -> UUID:
    issue_id: UUID = (await only(node))["id"]
    await workflow.act(node.connection, [issue_id], action, None, COMMAND)
    return issue_id


async def decided(node: Node) -> list[tuple[str, dict[str, Any]]]:
    """What triage decided, and why."""
    rows = await node.rows(
        "SELECT kind, details FROM error_logs.activity WHERE actor = 'server' ORDER BY id"
    )
    return [(row["kind"], row["details"]) for row in rows]


# --- regressions


async def test_a_regression_says_which_event_it_was(node: Node) -> None:
    await node.store(event(release="1.0"))
    await act(node, Resolve())
    back = event(received_at=LATER, release="0.9")
    await node.store(back)
    issue = await only(node)
    assert (issue["status"], issue["regressed_at"]) == ("unresolved", LATER)
    assert (issue["regressions"], issue["condition"], issue["resolved_at"]) == (1, None, None)
    assert await decided(node) == [("regressed", {"release": "0.9", "event": str(back.id)})]


async def test_what_was_received_before_the_resolution_reopens_nothing(node: Node) -> None:
    """It waited in a spool."""
    await node.store(event())
    await act(node, Resolve())
    await node.store(event(received_at=NOW - timedelta(minutes=1)))
    assert (await only(node))["status"] == "resolved"


@pytest.mark.parametrize(
    ("release", "reopens"), [("1.9", False), ("2.0", True), ("2.1", True), (None, False)]
)
async def test_resolved_in_a_release_means_that_it_and_later_ones_have_the_fix(
    node: Node, release: str | None, *, reopens: bool
) -> None:
    """Whoever has not updated yet meets the error; an event without release says nothing."""
    await node.store(event(release="1.0"))
    await act(node, Resolve(in_release="2.0"))
    await node.store(event(received_at=LATER, release=release))
    assert (await only(node))["status"] == ("unresolved" if reopens else "resolved")


@pytest.mark.parametrize(
    ("release", "reopens"), [("1.0", False), ("1.1", False), ("1.2", True), (None, False)]
)
async def test_resolved_in_the_next_release_means_after_the_app_s_latest(
    node: Node, release: str | None, *, reopens: bool
) -> None:
    await node.store(event(release="1.0"))
    await node.connection.execute(
        "INSERT INTO error_logs.releases (app_id, version, first_seen) VALUES ('chat', '1.1', $1)",
        NOW,
    )
    await act(node, Resolve(in_next_release=True))
    await node.store(event(received_at=LATER, release=release))
    assert (await only(node))["status"] == ("unresolved" if reopens else "resolved")


async def test_releases_without_versions_go_by_when_they_were_first_seen(node: Node) -> None:
    hour = timedelta(hours=1)
    await node.store(event(release="blue", occurred_at=NOW - 2 * hour))
    await node.store(event(release="red", occurred_at=NOW - hour))
    await act(node, Resolve(in_next_release=True))
    for release in ("blue", "red"):
        await node.store(event(received_at=LATER, release=release))
        assert (await only(node))["status"] == "resolved"
    await node.store(event(received_at=LATER, release="green"))
    assert (await only(node))["status"] == "unresolved"
    assert (await decided(node))[0][1]["release"] == "green"


async def test_a_batch_of_old_and_new_releases_is_told_apart(node: Node) -> None:
    """The late event is of an old release, that of the new one was received before."""
    await node.store(event(release="1.0"))
    await act(node, Resolve(in_release="2.0"))
    early = NOW - timedelta(minutes=5)
    old = [event(received_at=LATER, release="1.0"), event(received_at=LATER, release="1.0")]
    await node.store(old[0], event(received_at=early, release="2.0"), old[1])
    assert (await only(node))["status"] == "resolved"
    await node.store(old[0], event(received_at=LATER, release="2.0"), old[1])
    assert (await only(node))["status"] == "unresolved"


async def test_releases_are_counted_exactly(node: Node) -> None:
    """By release, also of batches with several; a problem is new in the release of its first
    event."""
    times = [NOW - timedelta(minutes=m) for m in (50, 40, 30, 20)]
    await node.spool(
        [
            event(release="1.0", occurred_at=times[0]),
            event(release="2.0", occurred_at=times[1]),
            event(release="1.0", occurred_at=times[2]),
            event(release="2.0", occurred_at=times[3], error_code="OTHER"),
            event(error_code="NAMELESS"),
        ]
    )
    await node.drain()
    await node.store(event(release="2.0"))
    rows = await node.rows(
        "SELECT version, first_seen, last_seen, events, new_issues FROM error_logs.releases "
        "WHERE app_id = 'chat' ORDER BY version"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("1.0", times[0], times[2], 2, 1),
        ("2.0", times[1], NOW, 3, 1),
    ]


# --- ignored issues


async def test_ignored_for_ever_stays_ignored(node: Node) -> None:
    await node.store(event())
    await act(node, Ignore())
    await node.store(*(event(received_at=LATER, user_id=str(n)) for n in range(30)))
    assert (await only(node))["status"] == "ignored"
    assert await decided(node) == []


async def test_ignored_until_more_events_came(node: Node) -> None:
    await node.store(event(), event())
    await act(node, Ignore(events=3))
    await node.store(event(), event())
    assert (await only(node))["status"] == "ignored"
    last = event(received_at=LATER)
    await node.store(last)
    issue = await only(node)
    assert (issue["status"], issue["escalated_at"]) == ("unresolved", LATER)
    assert (issue["condition"], issue["regressions"]) == (None, 0)
    [(kind, details)] = await decided(node)
    assert (kind, details["reason"], details["more"]) == ("escalated", "events", 3)


async def test_ignored_until_an_hour_is_busy(node: Node) -> None:
    """What the first hour had before does not count, nor do hours before it."""
    await node.store(event_now(), event_now(), event_now())
    await act(node, Ignore(per_hour=3))
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    before = hour - timedelta(minutes=5)
    await node.store(*(event(occurred_at=before) for _ in range(5)))
    await node.store(event(occurred_at=hour), event(occurred_at=hour))
    assert (await only(node))["status"] == "ignored"
    await node.store(event(occurred_at=hour))
    assert (await only(node))["status"] == "unresolved"
    [(kind, details)] = await decided(node)
    assert (kind, details["reason"], details["perHour"]) == ("escalated", "rate", 3)


async def test_ignored_until_users_met_it(node: Node) -> None:
    """Distinct ones."""
    await node.store(event(user_id="a"))
    await act(node, Ignore(users=3))
    await node.store(*(event(user_id="b") for _ in range(5)))
    assert (await only(node))["status"] == "ignored"
    await node.store(event(user_id="c"))
    assert (await only(node))["status"] == "unresolved"
    assert (await decided(node))[0][1]["reason"] == "users"


async def test_ignored_until_a_time_ends_without_an_event(node: Node) -> None:
    await node.store(event())
    until = NOW + timedelta(hours=1)
    await act(node, Ignore(until=until))
    watch = Watch()
    assert await wake(node.connection, watch, until - timedelta(seconds=1)) == 0
    assert (await only(node))["status"] == "ignored"
    assert await wake(node.connection, watch, until) == 1
    issue = await only(node)
    assert (issue["status"], issue["condition"]) == ("unresolved", None)
    assert issue["escalated_at"] == until
    [(kind, details)] = await decided(node)
    assert (kind, details["reason"]) == ("escalated", "time")


async def test_an_event_after_the_time_ends_it_too(node: Node) -> None:
    await node.store(event())
    await act(node, Ignore(until=LATER))
    await node.store(event(received_at=LATER - timedelta(seconds=1)))
    assert (await only(node))["status"] == "ignored"
    await node.store(event(received_at=LATER))
    assert (await only(node))["status"] == "unresolved"
