"""Rules and what they fired."""

from datetime import UTC, datetime
from typing import Any, Final

from mana_errors.api.table import Call, NoBody, Route
from mana_errors.model.alert import AlertDetail, AlertQuery
from mana_errors.model.decision import ExplainQuery, Explanation, Trial, TrialResult
from mana_errors.model.query import NoQuery
from mana_errors.model.reading import Page
from mana_errors.model.rule import Rule, StoredRule
from mana_errors.store import alerts, read_issues, rules
from mana_errors.triage.explain import explain
from mana_errors.triage.trial import try_rule


async def _list_rules(call: Call[NoQuery, NoBody]) -> Page[StoredRule]:
    async with call.reader.connection() as connection:
        return Page(await rules.listed(connection, call.apps), None)


async def _create_rule(call: Call[NoQuery, Rule]) -> StoredRule:
    call.principal.must_see_each(call.body.apps)
    async with call.reader.connection() as connection:
        return await rules.create(connection, call.body, call.actor)


async def _get_rule(call: Call[NoQuery, NoBody]) -> StoredRule:
    async with call.reader.connection() as connection:
        return await rules.find(connection, call.id, call.apps)


async def _change_rule(call: Call[NoQuery, Rule]) -> StoredRule:
    call.principal.must_see_each(call.body.apps)
    async with call.reader.connection() as connection:
        await rules.own(connection, call.id, call.principal)
        return await rules.change(connection, call.id, call.body, call.actor)


async def _delete_rule(call: Call[NoQuery, NoBody]) -> None:
    async with call.reader.connection() as connection:
        stored = await rules.own(connection, call.id, call.principal)
        await rules.delete(connection, stored, call.actor)


async def _list_alerts(call: Call[AlertQuery, NoBody]) -> Page[AlertDetail]:
    async with call.reader.connection() as connection:
        return await alerts.listed(connection, call.query, call.apps)


async def _get_alert(call: Call[NoQuery, NoBody]) -> AlertDetail:
    async with call.reader.connection() as connection:
        return await alerts.find(connection, call.id, call.apps)


async def _explain_rule(call: Call[ExplainQuery, NoBody]) -> Explanation:
    async with call.reader.connection() as connection:
        stored = await rules.find(connection, call.id, call.apps)
        issue = await read_issues.find_issue(connection, call.query.issue, call.apps)
        return await explain(connection, stored, issue, datetime.now(UTC))


async def _try_rule(call: Call[NoQuery, Trial]) -> TrialResult:
    call.principal.must_see_each(call.body.rule.apps or ())
    async with call.reader.connection() as connection:
        return await try_rule(connection, call.body, call.apps, datetime.now(UTC))


RULE_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        method="GET",
        path="/api/v1/rules",
        operation="listRules",
        summary="List rules by name: those of all apps, and of those that one sees",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=Page[StoredRule],
        errors=(400,),
        handler=_list_rules,
    ),
    Route(
        method="POST",
        path="/api/v1/rules",
        operation="createRule",
        summary="Make a rule",
        scope="admin",
        query=NoQuery,
        body=Rule,
        answer=StoredRule,
        errors=(400, 404, 409, 413, 415),
        handler=_create_rule,
        status=201,
    ),
    Route(
        method="POST",
        path="/api/v1/rules/test",
        operation="testRule",
        summary="Try a rule on what is stored: how often it would have fired, and for what",
        scope="read",
        query=NoQuery,
        body=Trial,
        answer=TrialResult,
        errors=(400, 404, 413, 415),
        handler=_try_rule,
    ),
    Route(
        method="GET",
        path="/api/v1/rules/{id}",
        operation="getRule",
        summary="A rule",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=StoredRule,
        errors=(400, 404),
        handler=_get_rule,
    ),
    Route(
        method="PUT",
        path="/api/v1/rules/{id}",
        operation="changeRule",
        summary="Put another rule in a rule's place; its alerts and what it waits for stay",
        scope="admin",
        query=NoQuery,
        body=Rule,
        answer=StoredRule,
        errors=(400, 404, 413, 415),
        handler=_change_rule,
    ),
    Route(
        method="DELETE",
        path="/api/v1/rules/{id}",
        operation="deleteRule",
        summary="Delete a rule; its alerts stay",
        scope="admin",
        query=NoQuery,
        body=NoBody,
        answer=None,
        errors=(400, 404),
        handler=_delete_rule,
        status=204,
    ),
    Route(
        method="GET",
        path="/api/v1/rules/{id}/explain",
        operation="explainRule",
        summary="Why a rule would fire for an issue now, or why not, step by step",
        scope="read",
        query=ExplainQuery,
        body=NoBody,
        answer=Explanation,
        errors=(400, 404),
        handler=_explain_rule,
    ),
    Route(
        method="GET",
        path="/api/v1/alerts",
        operation="listAlerts",
        summary="What rules fired, why, and who was told, newest first",
        scope="read",
        query=AlertQuery,
        body=NoBody,
        answer=Page[AlertDetail],
        errors=(400,),
        handler=_list_alerts,
    ),
    Route(
        method="GET",
        path="/api/v1/alerts/{id}",
        operation="getAlert",
        summary="One firing of a rule",
        scope="read",
        query=NoQuery,
        body=NoBody,
        answer=AlertDetail,
        errors=(400, 404),
        handler=_get_alert,
    ),
)
