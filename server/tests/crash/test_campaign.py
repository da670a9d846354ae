"""Random kills under load. CRASH_KILLS sets how many: `make crash` runs the long form."""

import os
import random
import time

import pytest

from crash.load import clients
from crash.node import MakeNode, Node, Role
from crash.truth import assert_truth
from harness import wait_until

KILLS = int(os.environ.get("CRASH_KILLS", "12"))
# Kills also hit a node that has not recovered from the last one.
PAUSE_S = (0.05, 2.5)
KILLS_BETWEEN_CHECKS = 10
ROLES: list[Role] = ["supervisor", "worker", "background", "postmaster", "backend"]


@pytest.mark.timeout(60 + 30 * KILLS)
def test_random_kills(make_node: MakeNode, seed: int) -> None:
    """Acknowledged = stored, exactly once; sums exact; a restart needs no help."""
    rng = random.Random(seed)
    # every role as often as the others, so that a short campaign meets them all
    roles = [ROLES[number % len(ROLES)] for number in range(KILLS)]
    rng.shuffle(roles)
    node = make_node(MANA_ERRORS_WORKERS="2", CRASH_SEGMENT_BYTES=str(512 * 1024))
    node.start()
    with clients(node.port, seed=seed) as ledger:
        for number, role in enumerate(roles, start=1):
            time.sleep(rng.uniform(*PAUSE_S))
            _kill(node, role, rng)
            if number % KILLS_BETWEEN_CHECKS == 0:
                node.wait_live()
    node.wait_live()
    assert_truth(ledger, node)
    assert node.stop() == 0


def _kill(node: Node, role: Role, rng: random.Random) -> None:
    wait_until(lambda: node.strike(role, rng), f"there is a {role} to kill")
    print(f"killed {role}")
    if role == "supervisor":
        node.spawn()
