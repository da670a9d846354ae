"""Several servers: one to a data directory, any number to a database."""

import asyncio
import json
import os
import random
import signal
import subprocess
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from crash.load import REPORT, Answer, Ledger, Request, Wire, clients
from crash.node import MakeNode, Node
from crash.truth import assert_truth, caught_up, fetch, stored_events
from harness import executable, wait_until

# The advisory lock that a leader holds, as store/fold.py takes it.
LEADERS = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND classid = 1835101793 AND objid = 1953655137 AND granted"""
EVENTS = 40


@pytest.fixture
def pair(make_node: MakeNode, empty_dsn: str) -> tuple[Node, Node]:
    """Two nodes of one database, started at the same moment."""
    first, second = make_node(DATABASE_URL=empty_dsn), make_node(DATABASE_URL=empty_dsn)
    first.spawn()
    second.spawn()
    first.wait_live()
    second.wait_live()
    return first, second


def test_one_data_dir_one_server(make_node: MakeNode, empty_dsn: str, seed: int) -> None:
    """The second refuses, says who is there, and leaves the first alone."""
    node = make_node(DATABASE_URL=empty_dsn)
    node.start()
    with clients(node.port, seed=seed) as ledger:
        second = subprocess.run(
            [executable(), "serve", "--port", "0"],
            env=node.full_environ(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 1
    (supervisor,) = node.pids("supervisor")
    assert str(supervisor) in second.stderr
    assert not ledger.lost_connections
    assert_truth(ledger, node)


def test_two_nodes_one_database(pair: tuple[Node, Node], seed: int) -> None:
    """Totals are exact, one leads, and when a node is gone the other does all the work."""
    dsn = pair[0].dsn
    with clients(pair[0].port, pair[1].port, seed=seed) as ledger:
        wait_until(lambda: len(ledger.acknowledged) > 200, "load")
        wait_until(lambda: len(fetch(dsn, LEADERS)) == 1, "one leads")
        # One of them was the leader.
        for lost, left in (pair, pair[::-1]):
            for role in ("supervisor", "background", "worker"):
                lost.strike(role)
            known = len(ledger.acknowledged)
            wait_until(lambda known=known: len(ledger.acknowledged) > known + 100, "load")
            wait_until(lambda: len(fetch(dsn, LEADERS)) == 1, "the other leads")
            lost.start()
            wait_until(lambda left=left: bool(left.pids("worker")), "both are there")
    assert_truth(ledger, *pair)


@pytest.mark.parametrize("dated", [True, False], ids=["with occurredAt", "without"])
def test_same_event_to_both_at_once(pair: tuple[Node, Node], seed: int, *, dated: bool) -> None:
    """Both acknowledge it, with the same id; it is stored once."""
    requests = _requests(random.Random(seed), dated=dated)

    async def send() -> list[tuple[Answer, Answer]]:
        async with Wire(pair[0].port) as one, Wire(pair[1].port) as other:
            return [
                await asyncio.gather(one.post(request), other.post(request)) for request in requests
            ]

    ledger = _ledger(requests, asyncio.run(send()))
    assert_truth(ledger, *pair)


@pytest.mark.parametrize("dated", [True, False], ids=["with occurredAt", "without"])
def test_resend_overtakes(pair: tuple[Node, Node], seed: int, *, dated: bool) -> None:
    """The first copy waits in one node's spool until the second is stored by the other."""
    slow, fast = pair
    requests = _requests(random.Random(seed), dated=dated)
    wait_until(lambda: caught_up(*pair), "migrated")
    (background,) = slow.pids("background")
    os.kill(background, signal.SIGSTOP)

    async def send(node: Node) -> list[Answer]:
        async with Wire(node.port) as wire:
            return [await wire.post(request) for request in requests]

    first = asyncio.run(send(slow))
    second = asyncio.run(send(fast))
    wait_until(lambda: len(stored_events(fast.dsn)) == EVENTS, "the second copies are stored")
    os.kill(background, signal.SIGCONT)
    ledger = _ledger(requests, [list(both) for both in zip(first, second, strict=True)])
    assert_truth(ledger, *pair)


def _requests(rng: random.Random, *, dated: bool) -> list[Request]:
    """Reports with ids or keys of their own."""
    made: list[Request] = []
    for number in range(EVENTS):
        marker = f"same-{number}"
        report = {"errorCode": "SAME", "errorType": "Twice", "message": f"marker {marker}"}
        if dated:
            report["occurredAt"] = datetime.now(UTC).isoformat()
        key = marker if rng.random() < 0.5 else None
        if key is None:
            report["id"] = str(uuid4())
        body = json.dumps(report).encode()
        made.append(Request(REPORT, body, (marker,), key, frozenset([marker])))
    return made


def _ledger(requests: list[Request], answers: list[list[Answer]]) -> Ledger:
    ledger = Ledger()
    for request, both in zip(requests, answers, strict=True):
        assert [answer.status for answer in both] == [201, 201]
        for answer in both:
            ledger.acknowledge(answer.body["id"], str(request.markers[0]))
        ledger.possible |= request.lasting
    assert len(ledger.acknowledged) == EVENTS
    return ledger
