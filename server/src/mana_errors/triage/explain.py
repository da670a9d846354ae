"""Why a rule would fire for an issue now, or why not: by the code that decides live."""

from datetime import datetime, timedelta

import msgspec

from mana_errors.model.alert import AlertDetail, AlertQuery
from mana_errors.model.decision import Explained, Explanation
from mana_errors.model.event import JsonObject
from mana_errors.model.reading import Issue
from mana_errors.model.rule import Fact, Rule, Silent, StoredRule
from mana_errors.store import alerting, alerts, rules
from mana_errors.store.db import Connection
from mana_errors.triage.decide import Facts, steps
from mana_errors.triage.measure import Ask, measured
from mana_errors.triage.words import words_of

_MINUTE = timedelta(minutes=1)


async def explain(
    connection: Connection, stored: StoredRule, issue: Issue, now: datetime
) -> Explanation:
    """What each check says, had the issue an event now. Of what becomes of issues, the latest
    stands for now. Raises BadRequest for a rule that cannot be applied."""
    rule = stored.rule
    last = await _last(connection, stored, issue)
    facts = Facts(
        now=now,
        app_id=issue.app,
        environments=await alerting.environments_of(connection, issue.id),
        last_fired=False if last is None else last.at,
    )
    if isinstance(rule.trigger, Silent):
        received = (await alerting.last_received(connection, [issue.app])).get(issue.app)
        since = False if received is None else received + _MINUTE
        facts = msgspec.structs.replace(facts, last_received=since)
    else:
        facts = await _of_issue(connection, rule, issue, facts)
    found = [
        Explained(step.check, step.holds, step.numbers, words=words_of(step))
        for step in steps(rule, facts)
    ]
    told = last.firing.issue if last is not None else None
    return Explanation(
        fires=all(step.holds for step in found),
        steps=found,
        last_fired_at=None if last is None else last.at,
        last_alert_id=None if last is None else last.id,
        muted_events=0 if told is None else max(issue.count - told.count, 0),
    )


async def _last(connection: Connection, stored: StoredRule, issue: Issue) -> AlertDetail | None:
    silent = isinstance(stored.rule.trigger, Silent)
    query = AlertQuery(
        app=(issue.app,), issue=None if silent else issue.id, rule=stored.id, limit=1
    )
    page = await alerts.listed(connection, query, None)
    return page.items[0] if page.items else None


async def _of_issue(connection: Connection, rule: Rule, issue: Issue, facts: Facts) -> Facts:
    found = await alerting.found(connection, rules.readable(rule), [issue.id])
    fact, details = _latest(issue)
    facts = msgspec.structs.replace(facts, found=bool(found), fact=fact, details=details)
    return (await measured(connection, [Ask(rule, issue.id, facts)]))[0]


def _latest(issue: Issue) -> tuple[Fact, JsonObject]:
    became = [
        (issue.first_seen, Fact.NEW),
        (issue.regressed_at, Fact.REGRESSED),
        (issue.escalated_at, Fact.ESCALATED),
    ]
    at, fact = max((at, fact) for at, fact in became if at is not None)
    return fact, {"at": at}
