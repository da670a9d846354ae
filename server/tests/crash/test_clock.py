"""Clocks are wrong and are put right: nothing is lost, nothing doubled."""

import time
from datetime import timedelta
from pathlib import Path

from crash.load import Ledger, clients
from crash.node import MakeNode, Node
from crash.truth import assert_nothing_left, assert_truth, fetch

HOUR_S = 3600
DAY_S = 24 * HOUR_S
LOAD_S = 0.5

NOT_IN_ITS_DAY = """
SELECT tableoid::regclass::text, occurred_at FROM error_logs.error_logs
WHERE tableoid::regclass::text
    <> 'error_logs.error_logs_' || to_char(occurred_at AT TIME ZONE 'UTC', 'YYYYMMDD')"""


def set_clock(path: Path, error_s: float) -> None:
    """Whole at any instant: the servers read it all the time."""
    fresh = path.with_suffix(".new")
    fresh.write_text(str(error_s))
    fresh.replace(path)


def test_clock_steps(make_node: MakeNode, empty_dsn: str, tmp_path: Path, seed: int) -> None:
    """An hour back under load, two days ahead and back again over restarts; segments are then
    named, read and deleted in an order that is not the order of their making."""
    clock = tmp_path / "clock"
    set_clock(clock, 0)
    node = make_node(DATABASE_URL=empty_dsn, CRASH_CLOCK=str(clock))
    node.start()
    ledgers = [_load(node, seed, clock, step_s=-HOUR_S)]
    for number, error_s in enumerate((2 * DAY_S, 0, -HOUR_S), start=1):
        node.strike("background")
        node.strike("supervisor")
        set_clock(clock, error_s)
        node.start()
        ledgers.append(_load(node, seed + number, clock))
    assert_truth(_sum(ledgers), node)
    assert not fetch(empty_dsn, NOT_IN_ITS_DAY)
    newest = fetch(empty_dsn, "SELECT max(occurred_at) - now() FROM error_logs.error_logs")[0][0]
    assert newest > timedelta(days=1), "the clock was never ahead: the test tested nothing"
    assert_nothing_left(node)


def _load(node: Node, seed: int, clock: Path, step_s: int = 0) -> Ledger:
    with clients(node.port, seed=seed) as ledger:
        time.sleep(LOAD_S)
        if step_s:
            set_clock(clock, step_s)
            time.sleep(LOAD_S)
    return ledger


def _sum(ledgers: list[Ledger]) -> Ledger:
    total = Ledger()
    for ledger in ledgers:
        total.acknowledged |= ledger.acknowledged
        total.possible |= ledger.possible
        total.refused |= ledger.refused
        total.wrong += ledger.wrong
    return total
