"""Figures of the event path: how fast, how soon visible, in a storm, at what cost."""

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from bench.corpus import Kind, reports
from bench.load import Plan
from bench.measure import (
    RUNS,
    Scale,
    Timed,
    answers_only,
    end_to_end,
    percentile,
    timed_post,
)
from bench.report import Figure
from bench.server import Server, resident_of, running
from bench.yardsticks import Copied, NullServer, null_server, raw_copy

CONNECTIONS: Final = 128
# Connections that send batches: each keeps a batch under way while another is prepared.
BATCHERS: Final = 8
BATCH: Final = 100
COPIED: Final = 20_000
_WATCH_POLL_S: Final = 0.005
_PAUSE_S: Final = 0.5
_MEBIBYTE: Final = 2**20
# 2.4 KB for a report of 2 KB, in the stricter reading of KB.
DISK_LIMIT: Final = 2_400
IDLE_LIMIT: Final = 150.0
USED_LIMIT: Final = 200.0


async def measure_path(scale: Scale) -> list[Figure]:
    """All of one server's life, from its start on."""
    async with running() as server, null_server() as null:
        idle = [_memory("started", server, null, IDLE_LIMIT)]
        await end_to_end(server, _plan(server.port, CONNECTIONS))
        idle.append(_memory("first reports taken", server, null, IDLE_LIMIT))
        visible = await _visible(server, scale)
        singles = await _singles(server, null, scale)
        sequential = await _sequential(server, null, scale)
        batches = await _batches(server, scale)
        footprint = await _footprint(server, null, scale)
    return [*singles, sequential, *batches, *visible, *idle, *footprint]


async def measure_storms(scale: Scale) -> list[Figure]:
    """Storms beside the even case, each on problems that no run before it knew."""
    rates: dict[Kind, list[float]] = {kind: [] for kind in Kind}
    async with running() as server:
        await end_to_end(server, _plan(server.port, scale.singles))
        for seed in range(RUNS):
            for kind in Kind:
                plan = _plan(server.port, scale.singles, kind=kind, seed=seed)
                rates[kind].append((await end_to_end(server, plan)).rate)
    names = {
        Kind.STORM_OF_ONE: "storm: 80 % one fingerprint",
        Kind.STORM_OF_MANY: "storm: 1,900 fingerprints of 2,000",
    }
    return [
        Figure(
            name=name,
            unit="/s",
            runs=rates[kind],
            yardstick="even",
            yardstick_runs=rates[Kind.EVEN],
            ratio_at_least=0.8,
        )
        for kind, name in names.items()
    ]


def _plan(port: int, events: int, *, kind: Kind = Kind.EVEN, seed: int = 0) -> Plan:
    return Plan(port=port, events=events, connections=CONNECTIONS, kind=kind, seed=seed)


def batch_plan(port: int, events: int, seed: int = 0) -> Plan:
    """Batches of 100 reports, spread evenly."""
    return Plan(port=port, events=events, connections=BATCHERS, batch=BATCH, seed=seed)


def _memory(name: str, server: Server, null: NullServer, limit: float) -> Figure:
    return Figure(
        name=f"memory without PostgreSQL, {name}",
        unit="MiB",
        runs=[server.resident() / _MEBIBYTE],
        at_most=limit,
        yardstick="HTTP alone",
        yardstick_runs=[resident_of(null.pid) / _MEBIBYTE],
    )


async def _visible(server: Server, scale: Scale) -> list[Figure]:
    count = RUNS * scale.watched
    bodies = reports(Kind.EVEN, 1, count, datetime.now(UTC))
    pause = random.Random(0)
    waits: list[float] = []
    for body in bodies:
        await asyncio.sleep(pause.random() * _PAUSE_S)
        waits.append(await _watch(server, body))
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    return [
        Figure(name="visible after its 201, quiet server, p50", unit="s", runs=[p50]),
        Figure(name="visible after its 201, quiet server, p99", unit="s", runs=[p99], at_most=1),
    ]


async def _watch(server: Server, body: bytes) -> float:
    """Seconds from a 201 until the event is stored and counted."""
    before = await server.counted()
    event, answered = await timed_post(server.port, body)
    query = "SELECT EXISTS (SELECT FROM error_logs.error_logs WHERE id = $1)"
    while True:
        counted = await server.counted() == before + 1
        if counted and await server.connection.fetchval(query, UUID(event)):
            return time.monotonic() - answered
        await asyncio.sleep(_WATCH_POLL_S)


async def _singles(server: Server, null: NullServer, scale: Scale) -> list[Figure]:
    timed: list[Timed] = []
    bare: list[Timed] = []
    for seed in range(RUNS):
        bare.append(await answers_only(null, _plan(null.port, scale.singles, seed=seed)))
        timed.append(await end_to_end(server, _plan(server.port, scale.singles, seed=seed)))
    return [
        Figure(
            name=f"single reports, end to end, {CONNECTIONS} connections",
            unit="/s",
            runs=[one.rate for one in timed],
            at_least=6_000,
            yardstick="HTTP alone",
            yardstick_runs=[one.rate for one in bare],
        ),
        Figure(
            name=f"p99 of the 201, {CONNECTIONS} connections",
            unit="ms",
            runs=[one.answers.p99 * 1e3 for one in timed],
            at_most=60,
            yardstick="HTTP alone",
            yardstick_runs=[one.answers.p99 * 1e3 for one in bare],
        ),
        Figure(
            name="CPU per event, single reports, with PostgreSQL",
            unit="µs",
            runs=[one.cpu * 1e6 for one in timed],
            at_most=200,
            yardstick="HTTP alone",
            yardstick_runs=[one.cpu * 1e6 for one in bare],
        ),
        Figure(
            name="CPU per event of the load generator, on top",
            unit="µs",
            runs=[one.answers.cpu / scale.singles * 1e6 for one in timed],
        ),
    ]


async def _sequential(server: Server, null: NullServer, scale: Scale) -> Figure:
    own: list[float] = []
    bare: list[float] = []
    for seed in range(RUNS):
        plan = Plan(port=null.port, events=scale.sequential, connections=1, seed=seed)
        bare.append((await answers_only(null, plan)).answers.p50 * 1e3)
        plan = Plan(port=server.port, events=scale.sequential, connections=1, seed=seed)
        own.append((await end_to_end(server, plan)).answers.p50 * 1e3)
    return Figure(
        name="p50 of the 201, 1 connection",
        unit="ms",
        runs=own,
        at_most=3,
        yardstick="HTTP alone",
        yardstick_runs=bare,
    )


async def _batches(server: Server, scale: Scale) -> list[Figure]:
    timed: list[Timed] = []
    copied: list[Copied] = []
    for seed in range(RUNS):
        timed.append(await end_to_end(server, batch_plan(server.port, scale.batched, seed)))
        copied.append(await raw_copy(server, COPIED))
    return [
        Figure(
            name=f"batches of {BATCH}, end to end",
            unit="/s",
            runs=[one.rate for one in timed],
            at_least=12_000,
            yardstick="raw COPY",
            yardstick_runs=[one.rate for one in copied],
            ratio_at_least=0.30,
        ),
        Figure(
            name="CPU per event, batches, with PostgreSQL",
            unit="µs",
            runs=[one.cpu * 1e6 for one in timed],
            at_most=200,
            yardstick="raw COPY",
            yardstick_runs=[one.cpu * 1e6 for one in copied],
        ),
    ]


async def _footprint(server: Server, null: NullServer, scale: Scale) -> list[Figure]:
    if (more := scale.remembered - await server.counted()) > 0:
        await end_to_end(server, batch_plan(server.port, -(-more // BATCH) * BATCH))
    size, events = await server.stored_bytes()
    sample = reports(Kind.EVEN, 0, 2_000, datetime.now(UTC))
    return [
        _memory(f"{await server.counted():,} events taken", server, null, USED_LIMIT),
        Figure(
            name="on disk per event, indexes included",
            unit="B",
            runs=[size / events],
            at_most=DISK_LIMIT,
            yardstick="its JSON",
            yardstick_runs=[sum(map(len, sample)) / len(sample)],
        ),
    ]
