"""Whether a fix works, and what is said about releases."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from digesting import NOW, Node, event, event_now
from mana_errors.errors import BadRequest, NotFound
from mana_errors.model.action import Resolve
from mana_errors.model.app_change import NewApp
from mana_errors.model.deployment import Deployment
from mana_errors.model.fix import Fix, Verdict
from mana_errors.store import apps, fixes, releases, workflow
from mana_errors.store.audit import COMMAND

HOUR = timedelta(hours=1)
LATER = NOW + timedelta(minutes=30)


async def resolved(node: Node, action: Resolve) -> UUID:
    [row] = await node.rows("SELECT id FROM error_logs.issues")
    issue_id: UUID = row["id"]
    await workflow.act(node.connection, [issue_id], action, None, COMMAND)
    return issue_id


async def fix(node: Node, issue_id: UUID) -> Fix:
    return await fixes.fix_of(node.connection, issue_id, None)


def counts(found: Fix) -> list[tuple[str, int, bool | None]]:
    return [(of.release, of.count, of.has_fix) for of in found.releases]


async def test_a_fix_waits_for_its_release_then_works_then_may_fail(node: Node) -> None:
    """Events of releases without it say nothing, those of before do not count."""
    await node.store(*(event_now(release="1.0") for _ in range(3)))
    issue_id = await resolved(node, Resolve(in_release="2.0"))
    await node.store(event_now(release="1.0", received_at=LATER), event_now(received_at=LATER))
    found = await fix(node, issue_id)
    assert (found.verdict, found.count) == (Verdict.WAITING, 0)
    assert counts(found) == [("", 1, None), ("1.0", 1, False)]
    await node.store(event_now(error_code="OTHER", release="2.1"))
    assert (await fix(node, issue_id)).verdict is Verdict.WORKS
    await node.store(*(event_now(release="2.1", received_at=LATER) for _ in range(2)))
    found = await fix(node, issue_id)
    assert (found.verdict, found.count) == (Verdict.FAILED, 2)
    assert counts(found)[0] == ("2.1", 2, True)


async def test_a_fix_of_now_fails_with_the_first_event(node: Node) -> None:
    await node.store(event_now(), event(occurred_at=NOW - 3 * HOUR))
    issue_id = await resolved(node, Resolve())
    assert (await fix(node, issue_id)).verdict is Verdict.WORKS
    await node.store(event_now(received_at=LATER), event_now(received_at=LATER, release="1.0"))
    found = await fix(node, issue_id)
    assert (found.verdict, found.count) == (Verdict.FAILED, 2)
    assert (found.condition, found.actor) == (None, "command")


async def test_what_was_never_resolved_has_no_fix(node: Node) -> None:
    await node.store(event())
    [row] = await node.rows("SELECT id FROM error_logs.issues")
    with pytest.raises(NotFound):
        await fix(node, row["id"])


# --- releases


async def deploy(node: Node, **said: Any) -> Any:
    return await releases.deploy(node.connection, Deployment(app="chat", **said), COMMAND)


async def test_a_deployed_release_is_known_before_its_first_event(node: Node) -> None:
    await node.store(event(release="blue"))
    said = await deploy(node, version="green", url="https://git.example/green")
    assert (said.events, said.last_seen, said.url) == (0, None, "https://git.example/green")
    latest = await releases.latest_of(node.connection, "chat")
    assert latest is not None
    assert latest.version == "green"


async def test_deploying_again_keeps_the_first_time_and_the_counts(node: Node) -> None:
    await node.store(event(release="1.0"), event(release="1.0"))
    first = await deploy(node, version="1.0", deployed_at=NOW - HOUR, url="https://a.example/")
    again = await deploy(node, version="1.0")
    assert first == again
    assert (again.deployed_at, again.first_seen, again.events) == (NOW - HOUR, NOW - HOUR, 2)


async def test_only_a_known_app_s_releases_are_deployed_and_not_in_the_future(node: Node) -> None:
    with pytest.raises(NotFound):
        await deploy(node, version="1.0")
    await apps.create(node.connection, NewApp("chat"), COMMAND)
    with pytest.raises(BadRequest):
        await deploy(node, version="1.0", deployed_at=NOW + 2 * HOUR)
    assert await node.rows("SELECT 1 FROM error_logs.releases") == []
