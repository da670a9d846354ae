"""Figures of a full database: growth and retention."""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bench.load import Plan, Result, prepare
from bench.measure import RUNS, Scale, end_to_end
from bench.path import COPIED, batch_plan
from bench.report import Figure
from bench.server import Server, running
from bench.yardsticks import delete_and_vacuum, drop, fill, raw_copy
from mana_errors.config import Settings
from mana_errors.retention.ages import keep_partitions
from mana_errors.store import db

# Days that stored events lie on, today included.
STORED_DAYS: Final = 5
# A steady load beside retention, far below what the server can do, so that a pause would show.
STEADY_RATE: Final = 500.0
STEADY_EVENTS: Final = 2_000
# Retention begins amid the load.
LEAD_S: Final = 1.0
# Noise of a p99 on a machine with two cores.
UNDISTURBED: Final = 1.5


async def measure_growth(scale: Scale) -> list[Figure]:
    """An empty and a full server in turns, by batches, which the database bounds; COPY beside."""
    own: tuple[list[float], list[float]] = ([], [])
    raw: tuple[list[float], list[float]] = ([], [])
    async with running() as empty, running() as full:
        for server in (empty, full):
            await end_to_end(server, batch_plan(server.port, COPIED))
        for day in _last_days(STORED_DAYS):
            await fill(full, day, scale.stored // STORED_DAYS)
        for seed in range(RUNS):
            for at, server in enumerate((empty, full)):
                timed = await end_to_end(server, batch_plan(server.port, scale.grown, seed))
                own[at].append(timed.rate)
                raw[at].append((await raw_copy(server, COPIED)).rate)
    return [
        _growth(f"batches with {scale.stored:,} events stored", own, 0.85),
        _growth(f"raw COPY with {scale.stored:,} events stored", raw, None),
    ]


def _growth(name: str, rates: tuple[list[float], list[float]], limit: float | None) -> Figure:
    return Figure(
        name=name,
        unit="/s",
        runs=rates[1],
        yardstick="empty",
        yardstick_runs=rates[0],
        ratio_at_least=limit,
    )


def _last_days(count: int) -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=back) for back in range(count)]


async def measure_retention(scale: Scale) -> list[Figure]:
    """Drops one expired day amid a steady load; beside it the same load alone."""
    quiet: list[Result] = []
    loaded: list[Result] = []
    took: list[float] = []
    dropped: list[float] = []
    async with running() as server:
        await end_to_end(server, batch_plan(server.port, COPIED))
        expired = datetime.now(UTC).date() - Settings().retention - timedelta(days=1)
        for _ in range(RUNS):
            quiet.append(await (await prepare(_steady(server))).run())
            await fill(server, expired, scale.expired)
            dropped.append(await drop(server, expired))
            await fill(server, expired, scale.expired)
            answers, seconds = await _retain(server)
            loaded.append(answers)
            took.append(seconds)
        removed: list[float] = []
        if scale.slow:
            await fill(server, expired, scale.expired)
            removed.append(await delete_and_vacuum(server, expired))
    name = f"dropping {scale.expired:,} expired events"
    return [
        Figure(
            name=name,
            unit="s",
            runs=took,
            at_most=1,
            yardstick="raw DROP",
            yardstick_runs=dropped,
        ),
        *_against_delete(name, took, removed),
        Figure(
            name="p99 of the 201 meanwhile",
            unit="ms",
            runs=[answers.p99 * 1e3 for answers in loaded],
            yardstick="quiet",
            yardstick_runs=[answers.p99 * 1e3 for answers in quiet],
            ratio_at_most=UNDISTURBED,
        ),
    ]


def _against_delete(name: str, took: list[float], removed: list[float]) -> list[Figure]:
    if not removed:
        return []
    yardstick = "DELETE + VACUUM"
    return [Figure(name=name, unit="s", runs=took, yardstick=yardstick, yardstick_runs=removed)]


def _steady(server: Server) -> Plan:
    return Plan(port=server.port, events=STEADY_EVENTS, connections=32, rate=STEADY_RATE)


async def _retain(server: Server) -> tuple[Result, float]:
    """Retention amid the steady load: the answers, and how long the drop took."""
    load = await prepare(_steady(server))
    answering = asyncio.create_task(load.run())
    await asyncio.sleep(LEAD_S)
    connection = await db.connect(server.dsn)
    started = time.monotonic()
    await keep_partitions(connection, Settings().retention, datetime.now(UTC))
    took = time.monotonic() - started
    await connection.close()
    return await answering, took
