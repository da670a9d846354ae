"""One timed load; numbers made of several."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from bench.load import Plan, Result, prepare
from bench.server import Server, cpu_of
from bench.yardsticks import NullServer

# Noise of the machine hits one run, seldom two.
RUNS: Final = 3
# Idle time before a load, so that the last one's checkpointing and folding is over.
_REST_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A load from its first byte until its last event shows in the issues, counts exact; until
    the last answer where nothing is stored."""

    # events a second
    rate: float
    # CPU seconds an event of server and PostgreSQL, generator excluded
    cpu: float
    answers: Result


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a run measures."""

    name: str
    # end-to-end loads of single reports, and of batches
    singles: int
    batched: int
    # single reports one after the other, and those watched until visible (per run)
    sequential: int
    watched: int
    # stored events for growth, and those of each load beside them, far fewer; expired ones for
    # retention; events before memory is read again
    stored: int
    grown: int
    expired: int
    remembered: int
    # events of the demo data that pages are read of
    read: int
    # stored events that rules are tried on
    tried: int
    # whether yardsticks that take minutes are measured: DELETE + VACUUM
    slow: bool


QUICK: Final = Scale(
    name="quick",
    singles=8_000,
    batched=16_000,
    sequential=500,
    watched=10,
    stored=50_000,
    grown=8_000,
    expired=50_000,
    remembered=50_000,
    read=20_000,
    tried=50_000,
    slow=False,
)
DEFAULT: Final = Scale(
    name="default",
    singles=40_000,
    batched=60_000,
    sequential=2_000,
    watched=70,
    stored=500_000,
    grown=30_000,
    expired=200_000,
    remembered=200_000,
    read=200_000,
    tried=1_000_000,
    slow=False,
)
FULL: Final = replace(
    DEFAULT,
    name="full",
    stored=5_000_000,
    grown=60_000,
    expired=1_000_000,
    remembered=1_000_000,
    read=1_000_000,
    slow=True,
)


async def end_to_end(server: Server, plan: Plan) -> Timed:
    """Put a load on the server and wait until all of it is folded."""
    load = await prepare(plan)
    await asyncio.sleep(_REST_S)
    before, cpu = await server.counted(), server.cpu()
    answers = await load.run()
    visible = await server.settle(before + plan.events)
    return _timed(plan, answers, visible, server.cpu() - cpu)


async def answers_only(null: NullServer, plan: Plan) -> Timed:
    """Put a load on the server that does nothing; ends with the last answer."""
    load = await prepare(plan)
    await asyncio.sleep(_REST_S)
    cpu = cpu_of(null.pid)
    answers = await load.run()
    return _timed(plan, answers, answers.answered, cpu_of(null.pid) - cpu)


def _timed(plan: Plan, answers: Result, end: float, cpu: float) -> Timed:
    return Timed(plan.events / (end - answers.started), cpu / plan.events, answers)


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def timed_post(port: int, body: bytes) -> tuple[str, float]:
    """Report once over a new connection: the event's id, and when the 201 came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /api/v1/errors HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    )
    answer = await reader.read()
    answered = time.monotonic()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 201"):
        raise RuntimeError(f"the server answered {answer[:200]!r}")
    return answer.rpartition(b'"id":"')[2][:36].decode(), answered
