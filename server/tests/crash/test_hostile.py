"""Hostile clients beside honest ones: the honest are served, memory stays flat, and it passes.

MANA_HOSTILE_LONG=1: three minutes with 10,000 idle connections, for which the limit of open files
must be 12,000 or more; memory flat within a tenth. Else half a minute with 500.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pytest

from crash import hostile
from crash.load import REPORT, Request, Wire
from crash.node import MakeNode, Node
from harness import wait_until

LONG: Final = bool(os.environ.get("MANA_HOSTILE_LONG"))
MEBIBYTE: Final = 1024 * 1024
HONEST: Final = 4
HONEST_PAUSE_S: Final = 0.02
ANSWER_LIMIT_S: Final = 10.0
SAMPLE_S: Final = 0.25


@dataclass(frozen=True)
class Form:
    """How much of it."""

    idle: int
    warm_up_s: float
    seconds: float
    # resident memory of the worker after the warm-up, as a multiple of the most in it
    growth: float


FORM: Final = Form(10_000, 60, 90, 1.1) if LONG else Form(500, 10, 15, 1.25)


@dataclass
class Honest:
    """What honest clients met."""

    acknowledged: int = 0
    # what came instead of a 201
    failed: list[str] = field(default_factory=list)

    @property
    def success(self) -> float:
        """Share of reports that were acknowledged."""
        return self.acknowledged / (self.acknowledged + len(self.failed))


@dataclass
class Reporters:
    """Honest clients of one server, in a thread of their own."""

    port: int
    stop: threading.Event = field(default_factory=threading.Event)
    honest: Honest = field(default_factory=Honest)

    async def run(self) -> None:
        """Report until told to stop."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(HONEST):
                tasks.create_task(self.report())

    async def report(self) -> None:
        """One honest client: one connection, and a new one where the server has closed it."""
        async with Wire(self.port) as wire:
            while not self.stop.is_set():
                await self._deliver(wire)
                await asyncio.sleep(HONEST_PAUSE_S)

    async def _deliver(self, wire: Wire) -> None:
        body = {"errorCode": "E", "errorType": "T", "message": "honest", "appId": "honest"}
        request = Request(REPORT, json.dumps(body).encode(), (), key=uuid4().hex)
        for attempt in ("first", "again"):
            try:
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    answer = await wire.post(request)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                await wire.close()
                if attempt == "again":
                    self.honest.failed.append(repr(error))
                continue
            if answer.status == 201:
                self.honest.acknowledged += 1
            else:
                self.honest.failed.append(f"{answer.status} {answer.body}")
            return


@contextmanager
def honest_at(port: int) -> Generator[Honest]:
    """Honest clients until the block ends."""
    reporters = Reporters(port)
    thread = threading.Thread(target=asyncio.run, args=(reporters.run(),), name="honest")
    thread.start()
    try:
        yield reporters.honest
    finally:
        reporters.stop.set()
        thread.join()
    print(reporters.honest.acknowledged, reporters.honest.failed[:5])


@contextmanager
def hostile_at(port: int) -> Generator[Counter[tuple[str, str]]]:
    """Hostile clients until the block ends; what they met is there afterwards."""
    command = [sys.executable, hostile.__file__, str(port), str(FORM.idle)]
    met: Counter[tuple[str, str]] = Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
        try:
            yield met
        finally:
            crowd.terminate()
            output, _ = crowd.communicate()
    for attack, outcome, count in json.loads(output):
        met[attack, outcome] = count
    print(sorted(met.items()))


def most_resident(node: Node, seconds: float) -> int:
    """Most memory of the worker for a while, in bytes."""
    (pid,) = node.pids("worker")
    page, most, until = os.sysconf("SC_PAGESIZE"), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        most = max(most, int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * page)
        time.sleep(SAMPLE_S)
    return most


@pytest.fixture
def open_files() -> Iterator[None]:
    """Room for the connections here and, inherited, in the server."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FORM.idle + 2000
    if hard < wanted:
        pytest.skip(f"needs {wanted} open files, may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("open_files")
async def test_honest_clients_among_hostile_ones(make_node: MakeNode, migrated_dsn: str) -> None:
    """They are served, what they were told is true, and the server is as before afterwards."""
    node = make_node(DATABASE_URL=migrated_dsn).start()
    wait_until(node.is_ready, "a ready server")
    with honest_at(node.port) as honest, hostile_at(node.port) as met:
        warm = await asyncio.to_thread(most_resident, node, FORM.warm_up_s)
        later = await asyncio.to_thread(most_resident, node, FORM.seconds)
    print(f"resident: {warm / MEBIBYTE:.0f} MiB warm, {later / MEBIBYTE:.0f} MiB later")
    assert honest.success >= 0.999, honest.failed[:10]
    assert honest.acknowledged > FORM.seconds * HONEST
    assert later <= warm * FORM.growth
    for attack, outcome in (("bomb", "413"), ("random_key", "403"), ("slow_head", "closed"),
                            ("slow_body", "closed"), ("slow_page", "closed")):  # fmt: skip
        assert met[attack, outcome], f"{attack}: {met}"

    assert len(node.pids("worker")) == 1
    await asyncio.to_thread(wait_until, node.is_ready, "ready again")
    with honest_at(node.port) as after:
        await asyncio.sleep(2)
    assert after.failed == []
    assert after.acknowledged > 20

    expected = honest.acknowledged + after.acknowledged
    assert await _settled(migrated_dsn, expected) == {"honest": expected}


async def _settled(dsn: str, expected: int) -> dict[str, int]:
    """Bodies and what was sampled out, by app, once as many as expected are there."""
    query = (
        "SELECT app_id, sum(count)::bigint AS count FROM error_logs.outcomes "
        "WHERE outcome IN ('stored', 'sampled') GROUP BY app_id"
    )
    connection = await asyncpg.connect(dsn)
    until, found = time.monotonic() + 30, dict[str, int]()
    while time.monotonic() < until and sum(found.values()) < expected:
        found = {row["app_id"]: row["count"] for row in await connection.fetch(query)}
        await asyncio.sleep(0.2)
    await connection.close()
    return found
