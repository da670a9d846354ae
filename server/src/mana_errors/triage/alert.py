"""Which rules fire: at the end of a fold and in its transaction, so that no restart misses one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.store import alerting, rules
from mana_errors.store.db import Connection
from mana_errors.triage.decide import Facts, decide
from mana_errors.triage.firing import Fires, fire
from mana_errors.triage.guard import failed, guarded
from mana_errors.triage.measure import measured, missing, missing_until
from mana_errors.triage.watch import Candidate, Sight, Watch, Watched, since


async def alert(
    connection: Connection, watch: Watch, sights: Sequence[Sight], now: datetime
) -> None:
    """The stages: what needs no question, what filters find, when rules last fired, numbers."""
    await refresh(connection, watch)
    if watch.is_empty or not sights:
        return
    await _count(connection, watch, sights, now)
    may = watch.candidates(sights, now)
    while watch.broken:
        await failed(connection, *watch.broken.popitem())
    if may:
        may = await _with_found(connection, watch, may, now)
        may = await _with_last_fired(connection, watch, may)
        await fire(connection, await _decided(connection, watch, may, now), now)


async def refresh(connection: Connection, watch: Watch) -> None:
    """Read the rules anew if any has changed."""
    version = await rules.version(connection)
    if version == watch.version:
        return
    on: list[Watched] = []
    readable, broken = await rules.everything(connection)
    for stored in readable:
        try:
            if stored.rule.enabled:
                on.append(Watched(stored.id, stored.rule, rules.readable(stored.rule)))
        except BadRequest as error:
            broken[stored.id] = str(error)
    for rule_id, reason in broken.items():
        await failed(connection, rule_id, reason)
    watch.take(version, on)


async def _count(
    connection: Connection, watch: Watch, sights: Sequence[Sight], now: datetime
) -> None:
    """The most events that any window of an issue may have."""
    if uncounted := watch.uncounted(sights, now):
        counts = await alerting.recent(connection, uncounted, since(now))
        for issue in uncounted:
            watch.memory.bound(issue, counts.get(issue, 0), now)


async def _with_last_fired(
    connection: Connection, watch: Watch, may: list[Candidate]
) -> list[Candidate]:
    known = await alerting.last_fired(connection, [candidate.pair for candidate in may])
    for pair, at in known.items():
        watch.memory.fired(pair, at)
    return _open(_knowing(item, last_fired=known.get(item.pair, False)) for item in may)


async def _with_found(
    connection: Connection, watch: Watch, may: list[Candidate], now: datetime
) -> list[Candidate]:
    """What filters say of issues whose deltas alone could not tell: one query a filter."""
    asked: dict[str, list[Candidate]] = {}
    for item in may:
        if item.watched.rule.filter and item.facts.found is None:
            asked.setdefault(item.watched.rule.filter, []).append(item)
    found: dict[str, set[UUID]] = {}
    for text, items in asked.items():
        concerned = {item.watched.id: item.watched for item in items}.values()
        found[text] = set()
        async with guarded(connection, watch, list(concerned), now):
            issues = {item.sight.issue for item in items}
            found[text] = await alerting.found(connection, items[0].watched.search, issues)
    return _open(
        _knowing(item, found=item.sight.issue in found[item.watched.rule.filter])
        if item.watched.rule.filter and item.facts.found is None
        else item
        for item in may
    )


async def _decided(
    connection: Connection, watch: Watch, may: list[Candidate], now: datetime
) -> list[Fires]:
    by_rule: dict[UUID, list[Candidate]] = {}
    for item in may:
        by_rule.setdefault(item.watched.id, []).append(item)
    fires: list[Fires] = []
    for items in by_rule.values():
        of_rule: list[Fires] = []
        async with guarded(connection, watch, [items[0].watched], now):
            for item in items:
                of_rule += await _judged(connection, watch, item)
            fires += of_rule
    return fires


async def _judged(connection: Connection, watch: Watch, item: Candidate) -> list[Fires]:
    rule, sight = item.watched.rule, item.sight
    facts = await measured(connection, rule, sight.issue, item.facts)
    step = decide(rule, facts)
    if step.holds:
        return [Fires(item.watched, sight.app_id, sight.issue, step)]
    if (events := missing(rule, facts)) > 0:
        watch.memory.missing(item.pair, events, missing_until(rule, facts))
    return []


def _knowing(candidate: Candidate, **known: object) -> Candidate:
    facts: Facts = msgspec.structs.replace(candidate.facts, **known)
    return candidate._replace(facts=facts)


def _open(candidates: Iterable[Candidate]) -> list[Candidate]:
    return [item for item in candidates if decide(item.watched.rule, item.facts).holds is not False]
