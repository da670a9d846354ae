"""Figures of rules: what they add to folding, and trying one on stored events."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID, uuid5

from bench.measure import RUNS, Scale, end_to_end
from bench.path import COPIED, batch_plan
from bench.report import Figure
from bench.server import Server, running
from bench.yardsticks import fill
from mana_errors.model.decision import Trial
from mana_errors.model.event import Severity
from mana_errors.model.issue import Delta, Rollup
from mana_errors.model.rule import (
    Becomes,
    Fact,
    ManyEvents,
    ManyUsers,
    Occurs,
    Rule,
    Silent,
    Trigger,
    Unusual,
)
from mana_errors.store import deltas, rules
from mana_errors.store.audit import COMMAND
from mana_errors.triage.fold import fold_once
from mana_errors.triage.trial import try_rule
from mana_errors.triage.watch import Watch

ISSUES: Final = 10_000
RULES: Final = 100
# Half of the rules are about one of these each, the others about all.
APPS: Final = 10
# As many as one fold takes.
_BATCHES: Final = 20
_FOLDS: Final = 3 * RUNS
_DAYS: Final = 7
_HASHES: Final = UUID(int=8)
# The promises: a tenth of folding, and a page that waits.
_SHARE: Final = 1.10
_TRIAL_S: Final = 5.0


async def measure_alerts(scale: Scale) -> list[Figure]:
    """Folds of 10,000 issues with 100 rules and without any in turns; then trials."""
    async with running() as server:
        await end_to_end(server, batch_plan(server.port, COPIED))
        folding = await _folding(server)
        for back in range(_DAYS):
            day = datetime.now(UTC).date() - timedelta(days=back)
            await fill(server, day, scale.tried // _DAYS)
        return [folding, *await _trials(server, scale)]


async def _folding(server: Server) -> Figure:
    await server.connection.execute("DELETE FROM error_logs.rules")
    for app in range(APPS):
        await server.connection.execute(
            "INSERT INTO error_logs.apps (id, number, name) VALUES ($1, $2, $1)",
            f"app-{app}", 1000 + app,
        )  # fmt: skip
    for rule in _rules():
        await rules.create(server.connection, rule, COMMAND)
    ruled, plain = Watch(), Watch()
    plain.take(await rules.version(server.connection), [])
    # The issues come to be, and are counted once.
    for watch in (plain, ruled, plain, ruled):
        await _fold(server, watch, busy=500)
    with_rules: list[float] = []
    without: list[float] = []
    for _ in range(_FOLDS):
        without.append(await _fold(server, plain))
        with_rules.append(await _fold(server, ruled))
    return Figure(
        name=f"folding {ISSUES:,} issues with {RULES} rules",
        unit="ms",
        runs=with_rules,
        yardstick="without rules",
        yardstick_runs=without,
        ratio_at_most=_SHARE,
    )


async def _fold(server: Server, watch: Watch, busy: int = 5) -> float:
    """Milliseconds of one fold, which the server does not see before its end."""
    connection, now = server.connection, datetime.now(UTC)
    made = iter([_delta(issue, busy, now) for issue in range(ISSUES)])
    async with connection.transaction():
        while batch := list(islice(made, ISSUES // _BATCHES)):
            await deltas.insert(connection, _HASHES, batch)
        started = time.monotonic()
        await fold_once(connection, watch)
        return (time.monotonic() - started) * 1e3


def _delta(issue: int, busy: int, now: datetime) -> Delta:
    app = f"app-{issue % APPS}"
    hour = now.replace(minute=0, second=0, microsecond=0)
    # One of a hundred is busy, and was more so.
    count = busy if issue % 100 == 0 else 1
    return Delta(
        grouping_hash=uuid5(_HASHES, str(issue)),
        fingerprint=f"{issue:064x}",
        app_id=app,
        title=f"TypeError: problem {issue}",
        error_type="TypeError",
        culprit="cart.ts in total",
        severity=Severity.ERROR,
        components=(("stack", str(issue)),),
        first_seen=now,
        last_seen=now,
        last_received=now,
        first_release="1.0",
        last_release="1.0",
        environment="production",
        count=count,
        rollups=[Rollup(hour, "production", "1.0", count)],
        users=[issue],
    )


def _rules() -> list[Rule]:
    """Of every kind, as people have them: most about what is new or much."""
    kinds: list[tuple[int, Callable[[int], Trigger], str]] = [
        (30, lambda _: Becomes((Fact.NEW, Fact.REGRESSED)), "severity:>=error"),
        (25, lambda n: ManyEvents(events=50 * (n + 1), minutes=5 + n), ""),
        (15, lambda n: ManyUsers(users=10 * (n + 1), minutes=15), "!environment:staging"),
        (10, lambda n: Unusual(times=2.0 + n, least=20), ""),
        (10, lambda _: Occurs(), "severity:critical"),
        (10, lambda n: Silent(minutes=30 + n), ""),
    ]
    return [
        Rule(
            name=f"{kind(n).__class__.__name__} {n}",
            trigger=kind(n),
            filter=search,
            apps=(f"app-{n % APPS}",) if n % 2 else None,
        )
        for many, kind, search in kinds
        for n in range(many)
    ]


async def _trials(server: Server, scale: Scale) -> list[Figure]:
    await server.connection.execute(
        "INSERT INTO error_logs.rollups (grouping_hash, hour, environment, release, count) "
        "SELECT grouping_hash, date_trunc('hour', occurred_at), 'production', '', count(*) "
        "FROM error_logs.error_logs GROUP BY 1, 2 ON CONFLICT DO NOTHING"
    )
    await server.connection.execute("VACUUM ANALYZE")
    tried: list[Trigger] = [
        Occurs(), ManyEvents(events=20, minutes=60), ManyUsers(users=20, minutes=60),
        Unusual(times=2.0), Becomes((Fact.NEW,)),
    ]  # fmt: skip
    return [
        Figure(
            name=f"trying {trigger.__class__.__name__} on {scale.tried:,} events",
            unit="s",
            runs=[await _try(server, trigger) for _ in range(RUNS)],
            at_most=_TRIAL_S,
        )
        for trigger in tried
    ]


async def _try(server: Server, trigger: Trigger) -> float:
    started = time.monotonic()
    rule = Rule(name="tried", trigger=trigger)
    await try_rule(server.connection, Trial(rule, _DAYS), None, datetime.now(UTC))
    return time.monotonic() - started
