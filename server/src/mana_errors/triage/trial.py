"""What a rule would have done: tried on what is stored, by the code that decides live."""

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.decision import Trial, TrialResult, Unknown
from mana_errors.model.principal import Apps
from mana_errors.model.rule import (
    Becomes,
    Fact,
    ManyEvents,
    ManyUsers,
    Occurs,
    Rule,
    Silent,
)
from mana_errors.store import rules, trials
from mana_errors.store.alerting import USUAL_DAYS
from mana_errors.store.db import Connection
from mana_errors.store.filters import wanted_apps
from mana_errors.store.trials import Became, Tried
from mana_errors.triage.decide import Facts, least_events
from mana_errors.triage.measure import usual_of
from mana_errors.triage.record import Record
from mana_errors.triage.sliding import Distinct, Sum, Window

# A page waits for it, and every statement ends after ten seconds (store/db.py).
BUDGET_S: Final = 8.0
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


async def try_rule(connection: Connection, trial: Trial, seen: Apps, now: datetime) -> TrialResult:
    """Try a rule, as if it had been on, for the apps that somebody sees. What it cannot look at in
    BUDGET_S or beyond trials.MAX_ISSUES, it says. Raises BadRequest naming the field."""
    await rules.check(connection, trial.rule)
    rule = msgspec.structs.replace(trial.rule, enabled=True)
    record = Record(rule, now - trial.days * _DAY, now)
    apps = wanted_apps(rule.apps or (), seen)
    async with connection.transaction(readonly=True):
        if isinstance(rule.trigger, Silent):
            await _silences(connection, rule.trigger, record, apps)
            return record.result({})
        least = max(least_events(rule.trigger), 1)
        found = await trials.issues(connection, rules.readable(rule), apps, record.since, least)
        await _issues(connection, rule, record, found)
    record.unknown.add(Unknown.ISSUES_OF_THEN)
    if len(found) == trials.MAX_ISSUES:
        record.unknown.add(Unknown.REST)
    return record.result({issue.id: issue.title for issue in found})


async def _issues(connection: Connection, rule: Rule, record: Record, found: list[Tried]) -> None:
    match rule.trigger:
        case Becomes():
            await _becomings(connection, rule, record, found)
        case Occurs():
            await _events(connection, rule, record, found, None)
        case ManyEvents(minutes=minutes) | ManyUsers(minutes=minutes):
            window = timedelta(minutes=minutes)
            ids = [issue.id for issue in found]
            since = record.since - window
            busy = await trials.busy(connection, ids, since, least_events(rule.trigger), window)
            found = [issue for issue in found if issue.id in busy]
            await _events(connection, rule, record, found, window)
        case _:
            await _hours(connection, rule, record, found)


async def _becomings(
    connection: Connection, rule: Rule, record: Record, found: list[Tried]
) -> None:
    ids = [issue.id for issue in found]
    # An hour's events lie behind its beginning.
    named = await trials.environments(connection, ids, record.since - timedelta(hours=1))
    became = [
        Became(issue.id, issue.first_seen, Fact.NEW, {})
        for issue in found
        if issue.first_seen >= record.since
    ]
    became += await trials.facts(connection, ids, record.since)
    app_of = {issue.id: issue.app_id for issue in found}
    for item in sorted(became, key=lambda item: item.at):
        app_id, environments = app_of[item.issue_id], named.get(item.issue_id, ())
        facts = Facts(item.at, app_id, environments, fact=item.kind, details=item.details)
        record.decide(facts, item.issue_id)
    if rule.environments is not None:
        record.unknown.add(Unknown.ENVIRONMENTS)


async def _events(
    connection: Connection, rule: Rule, record: Record, found: list[Tried], window: timedelta | None
) -> None:
    """Each event is a moment: its window ends there. `window` None: an event is enough."""
    record.unknown.add(Unknown.SAMPLED)
    users = isinstance(rule.trigger, ManyUsers)
    make: type[Sum | Distinct] = Distinct if users else Sum
    windows: list[Window] = [make(window or _MINUTE) for _ in found]
    least, environments = least_events(rule.trigger), rule.environments or ("",)
    since = record.since - (window or timedelta())
    ids = [issue.id for issue in found]
    deadline = time.monotonic() + BUDGET_S
    async for rows in trials.events(
        connection, ids, since, record.now, rule.environments, users=users
    ):
        for n, at, value in rows:
            count = least if window is None else windows[n].add(at, value)
            if count >= least and not record.is_quiet(ids[n], at):
                record.decide(Facts(at, found[n].app_id, environments, peak=count), ids[n])
        if time.monotonic() > deadline:
            record.unknown.add(Unknown.REST)
            break


async def _hours(connection: Connection, rule: Rule, record: Record, found: list[Tried]) -> None:
    """Each hour is a moment, as it stands at its end."""
    record.unknown.add(Unknown.MINUTES)
    first_seen = {issue.id: issue for issue in found}
    since = (record.since - USUAL_DAYS * _DAY).replace(minute=0, second=0, microsecond=0)
    counts: dict[UUID, dict[datetime, int]] = {}
    rows = await trials.hours(connection, list(first_seen), since, rule.environments)
    for issue, hour, count in rows:
        known = counts.setdefault(issue, {})
        known[hour] = count
        if count >= least_events(rule.trigger) and not record.is_quiet(issue, hour):
            seen = first_seen[issue]
            usual = usual_of(known, hour, seen.first_seen)
            environments = rule.environments or ("",)
            record.decide(Facts(hour, seen.app_id, environments, usual=usual), issue)


async def _silences(
    connection: Connection, trigger: Silent, record: Record, apps: tuple[str, ...] | None
) -> None:
    """Each end of so many minutes without an event is a moment."""
    record.unknown.add(Unknown.MINUTES)
    length = timedelta(minutes=trigger.minutes)
    rows = await trials.minutes(connection, apps, record.since - length)
    for (app_id, minute), (next_app, next_minute) in zip(
        rows, [*rows[1:], ("", record.now)], strict=True
    ):
        last = minute + _MINUTE
        until = next_minute if next_app == app_id else record.now
        if last + length <= until:
            record.decide(Facts(last + length, app_id, (), last_received=last), None)
