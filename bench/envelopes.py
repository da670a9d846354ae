"""Sentry's envelopes beside native reports."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import msgspec

from bench.envelope_corpus import FRAMES, KEY, envelopes
from bench.load import Plan
from bench.measure import RUNS, Scale, Timed, end_to_end
from bench.report import Figure
from bench.server import Server, running
from mana_errors.model.app_change import NewApp
from mana_errors.store import apps
from mana_errors.store.audit import COMMAND

CONNECTIONS: Final = 128
NUMBER: Final = 42
# Until the worker has heard of the app.
_KNOWN_S: Final = 3.0


async def measure_envelopes(scale: Scale) -> list[Figure]:
    """Envelopes and native reports in turn, on one server."""
    native: list[Timed] = []
    sentry: list[Timed] = []
    async with running() as server:
        await _prepare(server)
        for seed in range(RUNS):
            plan = Plan(port=server.port, events=scale.singles, connections=CONNECTIONS, seed=seed)
            native.append(await end_to_end(server, plan))
            sentry.append(await end_to_end(server, msgspec.structs.replace(plan, number=NUMBER)))
    size = len(envelopes(0, 1, datetime.now(UTC))[0])
    return [
        Figure(
            name=f"Sentry envelopes of {size:,} B, {FRAMES} frames, end to end",
            unit="/s",
            runs=[one.rate for one in sentry],
            yardstick="native singles",
            yardstick_runs=[one.rate for one in native],
        ),
        Figure(
            name="CPU per event, Sentry envelopes, with PostgreSQL",
            unit="µs",
            runs=[one.cpu * 1e6 for one in sentry],
            at_most=400,
            yardstick="native singles",
            yardstick_runs=[one.cpu * 1e6 for one in native],
        ),
    ]


async def _prepare(server: Server) -> None:
    app = NewApp(id="shop", number=NUMBER, key=KEY)
    await apps.create(server.connection, app, COMMAND)
    await asyncio.sleep(_KNOWN_S)
