"""The spool's file system is full: 503 before harm, and recovery by itself."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash.load import Ledger, clients
from crash.node import MakeNode, Node
from crash.scratch import Scratch
from crash.truth import assert_nothing_left, assert_truth
from harness import wait_until

MEBIBYTE = 1024 * 1024
# Room for two segments of 32 MiB, not for three.
DISK_BYTES = 80 * MEBIBYTE
# Nearly the largest report: fills the disk with few of them.
PADDING_BYTES = 900_000


@pytest.fixture
def node(make_node: MakeNode, own_postgres: Scratch) -> Iterator[Node]:
    """Its spool is a small file system of its own."""
    node = make_node(
        DATABASE_URL=own_postgres.database("small_disk"),
        MANA_ERRORS_MIN_FREE_BYTES=str(256 * MEBIBYTE),
    )
    node.spool.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(node.spool)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount: {done.stderr.strip()}")
    yield node
    node.clean_up()
    subprocess.run(["umount", str(node.spool)], check=True)


def test_filled_by_reports(node: Node, own_postgres: Scratch, seed: int) -> None:
    """PostgreSQL away until the spool fills the disk: 503; back again: 201, nothing lost."""
    node.start()
    with clients(node.port, seed=seed, count=3, padding=PADDING_BYTES) as ledger:
        wait_until(lambda: len(ledger.acknowledged) > 10, "some are accepted")
        own_postgres.kill()
        wait_until(lambda: len(ledger.refusals) > 5, "refused")
        own_postgres.start()
        _wait_until_accepted_again(ledger)
    _assert_contract(ledger)
    assert_truth(ledger, node)
    assert_nothing_left(node)


def test_filled_by_others(node: Node, seed: int) -> None:
    """Somebody else fills the disk: 503 while it lasts; 201 as soon as they are gone."""
    node.start()
    ballast = node.spool / "ballast"
    with clients(node.port, seed=seed) as ledger:
        wait_until(lambda: len(ledger.acknowledged) > 10, "some are accepted")
        for _ in range(2):
            _fill(ballast)
            before = len(ledger.refusals)
            wait_until(lambda before=before: len(ledger.refusals) > before + 5, "refused")
            ballast.unlink()
            _wait_until_accepted_again(ledger)
    _assert_contract(ledger)
    assert_truth(ledger, node)
    assert_nothing_left(node)


def _fill(ballast: Path) -> None:
    """Write until nothing more fits."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(64 * 1024)):
            pass


def _wait_until_accepted_again(ledger: Ledger) -> None:
    known = len(ledger.acknowledged)
    wait_until(lambda: len(ledger.acknowledged) > known + 10, "accepted again")
    time.sleep(0.5)


def _assert_contract(ledger: Ledger) -> None:
    """A refusal has the contract's shape, says why, and when to come back."""
    for retry_after, body in ledger.refusals:
        assert retry_after is not None
        assert int(retry_after) > 0
        assert set(body) == {"success", "error"}
        assert body["success"] is False
        assert "disk" in body["error"] or "spool" in body["error"]
