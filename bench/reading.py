"""Figures of reading: pages and API, one request after the other."""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import httpx

from bench.measure import RUNS, Scale, end_to_end, percentile
from bench.path import batch_plan
from bench.report import Figure
from bench.server import Server, running
from mana_errors.access.passwords import Passwords
from mana_errors.model.principal import Role
from mana_errors.store import audit, members, sessions, tokens
from mana_errors.store.members import NewMember
from mana_errors.web.guard import SESSION_COOKIE

STORED: Final = 20_000
REQUESTS: Final = 100
_TIMEOUT_S: Final = 10.0


async def measure_reading(scale: Scale) -> list[Figure]:
    """p50 of each, beside that of a health check, which reads nothing."""
    del scale
    async with running() as server:
        await end_to_end(server, batch_plan(server.port, STORED))
        cookie, token = await _credentials(server)
        return await asyncio.to_thread(_measure, server.port, cookie, token)


async def _credentials(server: Server) -> tuple[str, str]:
    """Of an owner: a session, and a token."""
    password = await Passwords().hash(uuid4().hex)
    new = NewMember("bench@example.org", Role.OWNER, None, password)
    member = await members.create(server.connection, audit.COMMAND, new)
    cookie = await sessions.start(server.connection, member.id, "127.0.0.1", "bench")
    return cookie, await tokens.create(server.connection, "bench", ["read"])


def _measure(port: int, cookie: str, token: str) -> list[Figure]:
    base = f"http://127.0.0.1:{port}"
    bearer = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base, timeout=_TIMEOUT_S) as client:
        issue = client.get("/api/v1/issues?limit=1", headers=bearer).json()["items"][0]["id"]
        app = client.get("/api/v1/apps", headers=bearer).json()["items"][0]["id"]
        asked: dict[str, tuple[str, dict[str, str]]] = {
            "sign-in page": ("/sign-in", {}),
            "list of issues, page": ("/", {"cookie": f"{SESSION_COOKIE}={cookie}"}),
            "issue, page": (f"/issues/{issue}", {"cookie": f"{SESSION_COOKIE}={cookie}"}),
            "list of issues, API": ("/api/v1/issues", bearer),
            "issue, API": (f"/api/v1/issues/{issue}", bearer),
            "outcomes of an app, API": (f"/api/v1/apps/{app}/outcomes", bearer),
        }
        return [_figure(client, name, path, headers) for name, (path, headers) in asked.items()]


def _figure(client: httpx.Client, name: str, path: str, headers: dict[str, str]) -> Figure:
    own: list[float] = []
    bare: list[float] = []
    for _ in range(RUNS):
        own.append(_p50(lambda: client.get(path, headers=headers)))
        bare.append(_p50(lambda: client.get("/health/live")))
    return Figure(
        name=f"{name}, {STORED:,} events, p50",
        unit="ms",
        runs=own,
        # the product's promise for a page
        at_most=100,
        yardstick="health check",
        yardstick_runs=bare,
    )


def _p50(ask: Callable[[], httpx.Response]) -> float:
    times: list[float] = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        ask().raise_for_status()
        times.append((time.perf_counter() - started) * 1e3)
    return percentile(times, 0.5)
