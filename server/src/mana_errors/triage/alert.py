"""Which rules fire: at the end of a fold and in its transaction, so that no restart misses one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.errors import BadRequest
from mana_errors.model.rule import ManyUsers
from mana_errors.store import alerting, rules
from mana_errors.store.db import Connection
from mana_errors.triage.decide import Facts, decide
from mana_errors.triage.firing import Fires, fire
from mana_errors.triage.guard import failed, guarded
from mana_errors.triage.measure import Ask, measured, missing, missing_until
from mana_errors.triage.watch import Candidate, Sight, Watch, Watched, since

# What is known of many users is an estimate: hardly ever a tenth too low (store/sketch.py).
_SURE: Final = 1.1


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
        may = await _with_enough_users(connection, watch, may)
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


async def _with_enough_users(
    connection: Connection, watch: Watch, may: list[Candidate]
) -> list[Candidate]:
    """Fewer users ever than a rule wants within minutes: the rule waits for so many more."""
    issues = {item.sight.issue for item in may if isinstance(item.watched.rule.trigger, ManyUsers)}
    if not issues:
        return may
    ever = await alerting.users_ever(connection, issues)
    return [item for item in may if not _too_few(watch, item, ever)]


def _too_few(watch: Watch, item: Candidate, ever: dict[UUID, int]) -> bool:
    trigger = item.watched.rule.trigger
    if not isinstance(trigger, ManyUsers):
        return False
    too_few = trigger.users - ceil(ever[item.sight.issue] * _SURE)
    if too_few > 0:
        watch.memory.missing(item.pair, too_few, missing_until(item.watched.rule, item.facts))
    return too_few > 0


async def _decided(
    connection: Connection, watch: Watch, may: list[Candidate], now: datetime
) -> list[Fires]:
    alike: dict[tuple[object, ...], list[Candidate]] = {}
    for item in may:
        rule = item.watched.rule
        alike.setdefault((type(rule.trigger), rule.environments), []).append(item)
    fires: list[Fires] = []
    for items in alike.values():
        concerned = {item.watched.id: item.watched for item in items}.values()
        async with guarded(connection, watch, concerned, now):
            asks = [Ask(item.watched.rule, item.sight.issue, item.facts) for item in items]
            facts = await measured(connection, asks)
            fires += _judged(watch, items, facts)
    return fires


def _judged(watch: Watch, items: list[Candidate], measured: list[Facts]) -> list[Fires]:
    fires: list[Fires] = []
    for item, facts in zip(items, measured, strict=True):
        rule, sight = item.watched.rule, item.sight
        step = decide(rule, facts)
        if step.holds:
            fires.append(Fires(item.watched, sight.app_id, sight.issue, step))
        elif (events := missing(rule, facts)) > 0:
            watch.memory.missing(item.pair, events, missing_until(rule, facts))
    return fires


def _knowing(candidate: Candidate, **known: object) -> Candidate:
    facts: Facts = msgspec.structs.replace(candidate.facts, **known)
    return candidate._replace(facts=facts)


def _open(candidates: Iterable[Candidate]) -> list[Candidate]:
    return [item for item in candidates if decide(item.watched.rule, item.facts).holds is not False]
