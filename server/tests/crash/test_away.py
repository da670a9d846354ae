"""PostgreSQL away: reports are accepted as ever, and stored when it is back."""

import os
import time
from collections.abc import Callable

import pytest

from crash.load import clients
from crash.node import MakeNode
from crash.scratch import Scratch
from crash.truth import assert_nothing_left, assert_truth

AWAY_S = 60.0 if os.environ.get("MANA_CRASH_LONG") else 6.0
BEFORE_S = 1.0
AFTER_S = 1.0

Change = Callable[[Scratch], None]


@pytest.mark.parametrize(
    ("leave", "come_back"),
    [
        pytest.param(Scratch.kill, Scratch.start, id="killed"),
        pytest.param(Scratch.freeze, Scratch.thaw, id="frozen"),
    ],
)
def test_postgres_away(
    leave: Change, come_back: Change, make_node: MakeNode, own_postgres: Scratch, seed: int
) -> None:
    """No report is refused meanwhile, and none is missing or doubled afterwards."""
    node = make_node(DATABASE_URL=own_postgres.database("away"))
    node.start()
    with clients(node.port, seed=seed) as ledger:
        time.sleep(BEFORE_S)
        gone, known = time.monotonic(), len(ledger.acknowledged)
        leave(own_postgres)
        time.sleep(AWAY_S)
        back, meanwhile = time.monotonic(), len(ledger.acknowledged) - known
        come_back(own_postgres)
        time.sleep(AFTER_S)
    usual, away = ledger.p50_ms(gone - BEFORE_S, gone), ledger.p50_ms(gone, back)
    print(f"p50 of a 201: {usual:.1f} ms with PostgreSQL, {away:.1f} ms without")
    assert meanwhile > 0
    assert not ledger.refusals
    assert not ledger.lost_connections
    assert_truth(ledger, node)
    assert_nothing_left(node)


def test_first_start_without_postgres(
    make_node: MakeNode, own_postgres: Scratch, seed: int
) -> None:
    """A node that never saw its database accepts reports, survives kills, and stores them."""
    dsn = own_postgres.database("late")
    own_postgres.kill()
    node = make_node(DATABASE_URL=dsn)
    node.start()
    with clients(node.port, seed=seed) as ledger:
        time.sleep(0.5)
        node.strike("worker")
        time.sleep(0.5)
        node.strike("background")
        node.strike("supervisor")
        node.start()
        own_postgres.start()
    assert_truth(ledger, node)
