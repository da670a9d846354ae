"""A flood hides nothing: a loop beside rare problems.

MANA_FLOOD_LONG=1 makes it the size that we promise: a minute of 5,000 a second.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from conftest import StartServer
from digesting import most_kept
from harness import PATIENCE_S, Server, wait_until
from ledger import fetch, outcomes_of
from mana_errors.store.db import Connection

LONG = os.environ.get("MANA_FLOOD_LONG") == "1"
RATE, SECONDS = (5_000, 60) if LONG else (1_500, 6)
BATCH = 100
RARE = 200
SAMPLE_AFTER = 100
# What we promise; only the long run holds us to it.
VISIBLE_S = 5.0
P99_RATIO = 2.0

REPORT = "/api/v1/errors"
BATCHES = "/api/v1/errors/batch"
JSON = {"content-type": "application/json"}
LOOP = {"errorCode": "LOOP", "errorType": "LoopError", "message": "again", "appId": "loop"}


def rare(number: int) -> dict[str, str]:
    """A problem of its own."""
    return {
        "errorCode": f"RARE_{number}",
        "errorType": f"Rare{number}Error",
        "message": "once in a while",
        "appId": "rare",
    }


def send_loop(server: Server) -> int:
    """The loop, by batches at its rate; how many were accepted."""
    body = json.dumps({"errors": [LOOP] * BATCH}).encode()
    accepted = 0
    with httpx.Client(base_url=server.base_url, timeout=PATIENCE_S) as client:
        started = time.monotonic()
        for number in range(RATE * SECONDS // BATCH):
            time.sleep(max(started + number * BATCH / RATE - time.monotonic(), 0))
            answer = client.post(
                BATCHES, content=body, headers={"content-type": "application/json"}
            )
            accepted += answer.json()["succeeded"]
    return accepted


@dataclass
class Rare:
    """What the rare problems' clients saw."""

    # error type -> when its 201 came
    at: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)


def send_rare(server: Server, first: int) -> Rare:
    """Each rare problem once, spread over the loop's time by chance."""
    sent, rng = Rare(), random.Random(first)
    times = sorted(rng.random() * SECONDS for _ in range(RARE))
    with httpx.Client(base_url=server.base_url, timeout=PATIENCE_S) as client:
        started = time.monotonic()
        for number, due in enumerate(times, first):
            time.sleep(max(started + due - time.monotonic(), 0))
            report = rare(number)
            before = time.monotonic()
            answer = client.post(REPORT, json=report)
            assert answer.status_code == 201, answer.text
            now = time.monotonic()
            sent.at[report["errorType"]] = now
            sent.latencies.append(now - before)
    return sent


def watch(server: Server, complete: Callable[[set[str]], bool]) -> dict[str, float]:
    """When each rare problem was first seen as an issue, until they are complete."""

    async def look(connection: Connection) -> dict[str, float]:
        seen: dict[str, float] = {}
        deadline = time.monotonic() + SECONDS + PATIENCE_S
        while not complete(set(seen)):
            assert time.monotonic() < deadline, f"only {len(seen)} rare problems are issues"
            query = "SELECT error_type FROM error_logs.issues WHERE app_id = 'rare'"
            rows = await connection.fetch(query)
            seen |= {row[0]: time.monotonic() for row in rows if row[0] not in seen}
            await asyncio.sleep(0.05)
        return seen

    return server.in_database(look)


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def test_a_loop_hides_no_other_problem(start_server: StartServer, migrated_dsn: str) -> None:
    """Every rare problem becomes an issue, the loop keeps few bodies, and its count is exact."""
    server = start_server(DATABASE_URL=migrated_dsn, MANA_ERRORS_SAMPLE_AFTER=str(SAMPLE_AFTER))
    quiet = send_rare(server, RARE) if LONG else Rare()
    with ThreadPoolExecutor(2) as threads:
        looping = threads.submit(send_loop, server)
        reporting = threads.submit(send_rare, server, 0)
        seen = watch(server, lambda seen: _all_seen(reporting, seen))
        accepted, sent = looping.result(), reporting.result()
    waits = [seen[kind] - at for kind, at in sent.at.items()]
    print(f"rare problems were issues within {max(waits):.2f} s")
    assert accepted == RATE * SECONDS

    count = "SELECT count FROM error_logs.issues WHERE app_id = 'loop'"
    wait_until(lambda: fetch(server, count) == [(accepted,)], "the loop's exact count")
    ledger = outcomes_of(server, "loop", server.token("read"))
    assert ledger["received"] == accepted
    assert set(ledger["totals"]) == {"stored", "sampled"}
    for minute in ledger["items"]:
        kept = minute["counts"].get("stored", 0)
        assert kept <= most_kept(minute["received"], SAMPLE_AFTER)
    bodies = "SELECT count(*), sum(weight) FROM error_logs.error_logs WHERE app_id = 'loop'"
    ((stored, weight),) = fetch(server, bodies)
    assert stored == ledger["totals"]["stored"]
    assert accepted - 2 * accepted / SAMPLE_AFTER < weight <= accepted
    if LONG:
        print(f"p99 {p99(sent.latencies):.4f} s, quiet {p99(quiet.latencies):.4f} s")
        assert max(waits) <= VISIBLE_S
        assert p99(sent.latencies) <= P99_RATIO * p99(quiet.latencies)


def _all_seen(reporting: "Future[Rare]", seen: set[str]) -> bool:
    return reporting.done() and set(reporting.result().at) <= seen
