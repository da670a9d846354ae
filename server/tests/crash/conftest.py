"""Fixtures of the crash suite: nodes and clusters that do not outlive their test."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash.node import MakeNode, Node
from crash.scratch import Scratch


@pytest.fixture
def seed() -> int:
    """Of everything random in a test; set CRASH_SEED to repeat a run."""
    value = int(os.environ.get("CRASH_SEED") or random.SystemRandom().getrandbits(32))
    print(f"CRASH_SEED={value}")
    return value


@pytest.fixture
def make_node(tmp_path: Path) -> Iterator[MakeNode]:
    """Makes nodes, each on a data directory of its own; kills what is left of them."""
    made: list[Node] = []

    def make(**environ: str) -> Node:
        made.append(Node(tmp_path / f"node{len(made)}", environ))
        return made[-1]

    yield make
    for node in made:
        node.clean_up()
        print(f"--- log of {node.data_dir.name}\n{node.log_tail()}")


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Scratch]:
    """A cluster that the test may stop and start."""
    scratch = Scratch(tmp_path / "own")
    scratch.start()
    yield scratch
    scratch.thaw()
    scratch.destroy()
