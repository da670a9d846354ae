"""The load generator: a process of its own that costs a few microseconds a request.

Speaks over its pipes: a Plan comes in as JSON, "ready" goes out once all connections stand and
all bytes are built, a line comes in to start, a Result goes out as JSON.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import cycle
from typing import Final, cast

import msgspec
import uvloop

from bench.corpus import Kind, reports
from bench.envelope_corpus import KEY, envelopes

# Distinct reports that a load of one kind cycles through: ten windows of a storm.
CORPUS: Final = 20_000
_REPORT_PATH: Final = "/api/v1/errors"
_BATCH_PATH: Final = "/api/v1/errors/batch"
_HEADERS_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "
# Native reports are created, Sentry's are taken.
_TAKEN: Final = frozenset({"200", "201"})


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A load to put on a server at 127.0.0.1."""

    port: int
    # sent in all; a multiple of `batch`
    events: int
    connections: int
    # reports a request; 1 = the route for single reports
    batch: int = 1
    kind: Kind = Kind.EVEN
    seed: int = 0
    # requests a second over all connections; 0 = each as soon as the last one is answered
    rate: float = 0.0
    # of an app: Sentry's envelopes to it instead of reports
    number: int | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a load met. Times in seconds; instants on the machine's monotonic clock."""

    started: float
    answered: float
    # HTTP status -> answers
    statuses: dict[str, int]
    p50: float
    p99: float
    slowest: float
    # of the generator itself
    cpu: float


class _Run:
    """What the connections of one load share."""

    def __init__(self, plan: Plan, requests: list[bytes]) -> None:
        self.left = plan.events // plan.batch
        self.unanswered = self.left
        self.requests = cycle(requests)
        self.interval = plan.connections / plan.rate if plan.rate else 0.0
        self.statuses: Counter[bytes] = Counter()
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()


class _Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its answer, the next request."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._answer = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not descend from asyncio's
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._run.done.done():
            self._run.done.set_exception(exc or ConnectionResetError("the server hung up"))

    def begin(self, due: float) -> None:
        """Send the first request at `due`."""
        self._due = due
        self._send_when_due()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        status = _status(self._answer)
        if status is None:
            return
        self._answer = b""
        run = self._run
        now = time.monotonic()
        run.latencies.append(now - self._due)
        run.statuses[status] += 1
        run.unanswered -= 1
        if not run.unanswered:
            run.done.set_result(None)
        # With a rate, time counts from when a request was due: waiting for its turn is latency.
        self._due = self._due + run.interval if run.interval else now
        self._send_when_due()

    def _send_when_due(self) -> None:
        wait = self._due - time.monotonic()
        if wait > 0:
            self._loop.call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        run = self._run
        if run.left:
            run.left -= 1
            self._transport.write(next(run.requests))


def _status(answer: bytes) -> bytes | None:
    """Status code of a whole answer; None if more is to come."""
    head = answer.find(_HEADERS_END)
    if head < 0:
        return None
    at = answer.find(_LENGTH, 0, head) + len(_LENGTH)
    length = int(answer[at : answer.index(b"\r\n", at)])
    return answer[9:12] if len(answer) >= head + len(_HEADERS_END) + length else None


def build(plan: Plan) -> list[bytes]:
    """The requests of a plan, byte for byte."""
    count = min(plan.events, CORPUS)
    if plan.number is not None:
        path = f"/api/{plan.number}/envelope/?sentry_key={KEY}&sentry_version=7"
        return [_request(path, body) for body in envelopes(plan.seed, count, datetime.now(UTC))]
    bodies = reports(plan.kind, plan.seed, count, datetime.now(UTC))
    if plan.batch == 1:
        return [_request(_REPORT_PATH, body) for body in bodies]
    groups = [bodies[at : at + plan.batch] for at in range(0, count, plan.batch)]
    return [_request(_BATCH_PATH, b'{"errors":[%s]}' % b",".join(group)) for group in groups]


def _request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"user-agent: mana-bench\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _drive(plan: Plan) -> Result:
    run = _Run(plan, build(plan))
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: _Connection(run), "127.0.0.1", plan.port))[1]
        for _ in range(plan.connections)
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if not await loop.run_in_executor(None, sys.stdin.readline):
        sys.exit("the bench is gone")
    cpu, started = _cpu(), time.monotonic()
    for index, connection in enumerate(connections):
        connection.begin(started + index * run.interval / plan.connections)
    await run.done
    return _result(run, started, _cpu() - cpu)


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


def _result(run: _Run, started: float, cpu: float) -> Result:
    latencies = sorted(run.latencies)
    return Result(
        started=started,
        answered=time.monotonic(),
        statuses={status.decode(): count for status, count in run.statuses.items()},
        p50=latencies[len(latencies) // 2],
        p99=latencies[len(latencies) * 99 // 100],
        slowest=latencies[-1],
        cpu=cpu,
    )


class Load:
    """The caller's side: a generator that stands ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self) -> Result:
        """Start it and wait for its result."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"go\n")
        result = msgspec.json.decode(await self._process.stdout.read(), type=Result)
        await self._process.wait()
        if not set(result.statuses) <= _TAKEN:
            raise RuntimeError(f"the server answered {result.statuses}")
        return result


async def prepare(plan: Plan) -> Load:
    """Start a generator; returns when it can begin at once."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    if await process.stdout.readline() != b"ready\n":
        raise RuntimeError("the load generator did not start")
    return Load(process)


def main() -> None:
    """Read a Plan, wait for the word, write a Result."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    result = uvloop.run(_drive(plan))
    sys.stdout.write(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
