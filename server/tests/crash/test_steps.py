"""kill -9 exactly at each step of an event's path: nothing lost, nothing doubled."""

import subprocess
import time
from pathlib import Path

import pytest

from crash.load import clients
from crash.node import MakeNode
from crash.truth import assert_nothing_left, assert_truth, caught_up
from harness import wait_until
from mana_errors.store.embedded.layout import layout_of

# Small enough that segments are rotated, digested and deleted within a second of load.
SEGMENT_BYTES = 64 * 1024
# Load that comes after the kill.
AFTERWARDS_S = 0.3

STEPS = [
    # the file is there, empty
    "segment-begun",
    # it is sound, without a record
    "segment-made:2",
    # records in the page cache, not synced
    "written:20",
    # durable, but nobody was told
    "synced:20",
    "rotated",
    # in the digest's transaction
    "cursor-moved:4",
    "mid-copy:37",
    "copied:4",
    "delta-queued:4",
    # committed, and the digest does not know it
    "stored:4",
    # nothing more in the segment, but it is there
    "digested",
    # file gone, cursor there
    "unlinked",
    # in the fold's transaction
    "mid-fold:2",
    "folded:2",
    "fold-committed:2",
    # schema made, not committed
    "mid-migration",
    "migrated",
    "mid-partitions:2",
]


@pytest.mark.parametrize("step", STEPS)
def test_kill_at_step(
    step: str, make_node: MakeNode, empty_dsn: str, tmp_path: Path, seed: int
) -> None:
    """The process that reaches the step dies there; the node heals by itself."""
    mark = tmp_path / "killed"
    node = make_node(
        DATABASE_URL=empty_dsn,
        CRASH_AT=step,
        CRASH_MARK=str(mark),
        CRASH_SEGMENT_BYTES=str(SEGMENT_BYTES),
    )
    node.start()
    with clients(node.port, seed=seed) as ledger:
        wait_until(mark.exists, f"killed at {step}")
        time.sleep(AFTERWARDS_S)
    assert_truth(ledger, node)
    assert_nothing_left(node)


def test_kill_while_cluster_is_made(make_node: MakeNode, tmp_path: Path, seed: int) -> None:
    """A first start that dies half-way through initdb leaves nothing that hinders the second."""
    mark = tmp_path / "killed"
    node = make_node(CRASH_AT="mid-initdb", CRASH_MARK=str(mark))
    node.spawn()
    wait_until(mark.exists, "killed in initdb")
    node.exit_status()
    node.start()
    with clients(node.port, seed=seed) as ledger:
        time.sleep(AFTERWARDS_S)
    assert_truth(ledger, node)


def test_all_killed_and_numbers_reused(make_node: MakeNode, seed: int) -> None:
    """After a crash in a container, a process number in a lock file often is somebody else's."""
    node = make_node()
    node.start()
    wait_until(lambda: caught_up(node), "PostgreSQL is there")
    with clients(node.port, seed=seed) as ledger:
        wait_until(lambda: len(ledger.acknowledged) > 50, "load")
        node.clean_up()
        layout = layout_of(node.data_dir)
        with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
            for lock in (layout.cluster / "postmaster.pid", layout.socket_lock):
                _, *rest = lock.read_text().splitlines()
                lock.write_text("\n".join([str(stranger.pid), *rest]) + "\n")
            node.start()
            wait_until(lambda: node.status("/health/ready") == 200, "PostgreSQL is back")
            stranger.kill()
    assert_truth(ledger, node)
