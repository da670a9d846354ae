"""Figures of reading: pages and API over a month of demo data, one request after the other."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx

from bench.measure import RUNS, Scale, percentile
from bench.report import Figure
from bench.server import SCRATCH, Server, running
from mana_errors.access.passwords import Passwords
from mana_errors.cli.demo.events import make_demo
from mana_errors.cli.demo.load import load
from mana_errors.config import load_settings
from mana_errors.model.principal import Role
from mana_errors.store import audit, members, sessions, tokens
from mana_errors.store.members import NewMember
from mana_errors.web.guard import SESSION_COOKIE

REQUESTS: Final = 40
_TIMEOUT_S: Final = 10.0
# The product's promises, in ms at a million events and 10,000 issues.
LIST_MS: Final = 50
ISSUE_MS: Final = 60
OTHER_MS: Final = 100


async def measure_reading(scale: Scale) -> list[Figure]:
    """p95 of each, beside that of a health check, which reads nothing."""
    async with running() as server:
        made = make_demo(1, scale.read, datetime.now(UTC) - timedelta(minutes=1))
        settings = load_settings({}, data_dir=SCRATCH)
        await load(server.dsn, settings, made, lambda _: None)
        await server.connection.execute("VACUUM ANALYZE")
        cookie, token = await _credentials(server)
        return await asyncio.to_thread(_measure, scale, server.port, cookie, token)


async def _credentials(server: Server) -> tuple[str, str]:
    """Of an owner: a session, and a token."""
    password = await Passwords().hash(uuid4().hex)
    new = NewMember("bench@example.org", Role.OWNER, None, password)
    member = await members.create(server.connection, audit.COMMAND, new)
    cookie = await sessions.start(server.connection, member.id, "127.0.0.1", "bench")
    return cookie, await tokens.create(server.connection, "bench", ["read"])


def _measure(scale: Scale, port: int, cookie: str, token: str) -> list[Figure]:
    bearer = {"authorization": f"Bearer {token}"}
    session = {"cookie": f"{SESSION_COOKIE}={cookie}"}
    base = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base, timeout=_TIMEOUT_S, headers=bearer) as client:
        paths = _paths(client)
        issue = paths["issue"][0].removeprefix("/api/v1")
        pages = {"list of issues, page": ("/", LIST_MS), "issue, page": (issue, ISSUE_MS)}
        return [
            *(_figure(client, scale, name, *asked, session) for name, asked in pages.items()),
            *(_figure(client, scale, name, *asked, bearer) for name, asked in paths.items()),
        ]


def _paths(client: httpx.Client) -> dict[str, tuple[str, int]]:
    """What is read of the API: path, and milliseconds that it may take."""
    first: dict[str, Any] = client.get("/api/v1/issues?sort=count&limit=1").json()["items"][0]
    issue = f"/api/v1/issues/{first['id']}"
    event: dict[str, Any] = client.get(f"{issue}/events").json()["items"][0]
    lists = {f"issues by {sort}": f"sort={sort}" for sort in _SORTS}
    searches = {
        f"issues, {q.partition(':')[0]}": f"q={q}"
        for q in (
            *("is:unresolved", "app:demo-chat", "env:production", "severity:critical"),
            *(f"user:{event['userId']}", f"release:{event['release']}", "type:TypeError"),
            *("path:/api/orders", "status:502", "tag.browser:Firefox", "first:>-3d", "count:>100"),
            *("users:>5", "assigned:none", "invoice", "release:1.1*", "!severity:debug"),
        )
    }
    events = {
        f"events, {q.partition(':')[0]}": q
        for q in (
            *("", f"user:{event['userId']}", f"release:{event['release']}", "release:none"),
            *("tag.browser:Firefox", "path:/api/orders", "nosuchword", "severity:critical"),
        )
    }
    others = (
        *("issues/facets", "overview", "releases", "search/values?field=release"),
        *(f"users/{event['userId']}", "events/histogram", "events/histogram?q=invoice&by=user"),
        f"events/{event['id']}/neighbours",
    )
    return {
        "issue": (issue, ISSUE_MS),
        **{name: (f"/api/v1/issues?{query}", LIST_MS) for name, query in lists.items()},
        **{name: (f"/api/v1/issues?{query}", OTHER_MS) for name, query in searches.items()},
        **{name: (f"/api/v1/events?q={q}", OTHER_MS) for name, q in events.items()},
        **{f"issue's {of}": (f"{issue}/{of}", OTHER_MS) for of in _OF_ISSUE},
        **{path.partition("?")[0]: (f"/api/v1/{path}", OTHER_MS) for path in others},
    }


_SORTS: Final = ("lastSeen", "firstSeen", "count", "users", "trend")
_OF_ISSUE: Final = ("events", "tags", "users", "releases")


def _figure(  # noqa: PLR0913, PLR0917 - what a figure is made of
    client: httpx.Client, scale: Scale, name: str, path: str, at_most: int, headers: dict[str, str]
) -> Figure:
    own: list[float] = []
    bare: list[float] = []
    for _ in range(RUNS):
        own.append(_p95(lambda: client.get(path, headers=headers)))
        bare.append(_p95(lambda: client.get("/health/live")))
    return Figure(
        name=f"{name}, {scale.read:,} events, p95",
        unit="ms",
        runs=own,
        at_most=at_most,
        yardstick="health check",
        yardstick_runs=bare,
    )


def _p95(ask: Callable[[], httpx.Response]) -> float:
    times: list[float] = []
    ask().raise_for_status()
    for _ in range(REQUESTS):
        started = time.perf_counter()
        ask().raise_for_status()
        times.append((time.perf_counter() - started) * 1e3)
    return percentile(times, 0.95)
