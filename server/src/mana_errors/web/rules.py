"""Rules: the list for everybody; making, trying, changing and deleting for admins."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from starlette.responses import Response

from mana_errors.errors import BadRequest, Conflict, SearchSyntax
from mana_errors.model.decision import Trial, TrialResult
from mana_errors.model.event import Severity
from mana_errors.model.rule import Fact
from mana_errors.store import alerts, apps, channels, rules
from mana_errors.store.channels import MAX_CHANNELS
from mana_errors.store.db import Connection
from mana_errors.triage.trial import try_rule
from mana_errors.web import rule_form
from mana_errors.web.fields import MAX_BOXES, Trouble
from mana_errors.web.issue import id_of
from mana_errors.web.issues import SEARCH_FIELDS
from mana_errors.web.rule_words import describe, span_of
from mana_errors.web.visit import Visit

# What the form's buttons try a rule on.
DAYS: Final = (7, 14)


async def show_list(visit: Visit) -> Response:
    """The rules of the visitor's apps: what each does, and how often."""
    seen = visit.principal.apps
    async with visit.reader.connection() as connection:
        found = await rules.listed(connection, seen)
        # Who sees some of a rule's apps reads it without the others, and cannot change it.
        whole = {one.id: one for one in await rules.listed(connection, None)}
        ids = [stored.id for stored in found]
        often = await alerts.frequencies(connection, ids, seen)
        names = await _names(connection)
    may = visit.principal.may("admin")
    values = {
        "rules": [
            (
                one,
                describe(one.rule, visit.language, names),
                often[one.id],
                may and one == whole[one.id] and (seen is None or one.rule.apps is not None),
            )
            for one in found
        ],
    }
    return visit.page("rules.html", values)


async def show_new(visit: Visit) -> Response:
    """An empty form, or one with what another rule has."""
    rule = rule_form.FRESH_RULE
    if visit.request.query_params.get("from"):
        async with visit.reader.connection() as connection:
            copied = (
                await rules.own(
                    connection, _id(visit.request.query_params["from"]), visit.principal
                )
            ).rule
        rule = msgspec.structs.replace(
            copied, name=visit.words["copy_of"].format(copied.name)[:100], enabled=False
        )
    return await _form(visit, None, rule_form.stored(rule), {})


async def show_one(visit: Visit) -> Response:
    """A rule's form."""
    async with visit.reader.connection() as connection:
        stored = await rules.own(connection, id_of(visit), visit.principal)
    return await _form(visit, stored.id, rule_form.stored(stored.rule), {}, failure=stored.failure)


async def create(visit: Visit) -> Response:
    """Keep a new rule."""
    return await _save(visit, None)


async def change(visit: Visit) -> Response:
    """Put what the form says in a rule's place."""
    return await _save(visit, id_of(visit))


async def _save(visit: Visit, rule_id: UUID | None) -> Response:
    values = rule_form.sent(visit.form)
    try:
        rule = rule_form.rule_of(values)
        if rule.apps is None and visit.principal.apps is not None:
            return await _form(visit, rule_id, values, {"apps": visit.words["wrong_rule_all"]})
        visit.principal.must_see_each(rule.apps)
        async with visit.reader.connection() as connection:
            if rule_id is None:
                await rules.create(connection, rule, visit.actor)
            else:
                await rules.own(connection, rule_id, visit.principal)
                await rules.change(connection, rule_id, rule, visit.actor)
    except (BadRequest, Conflict) as error:
        return await _wrong(visit, rule_id, values, error)
    return visit.go("/alerts/rules?done=saved")


async def attempt(visit: Visit) -> Response:
    """The form again, with what its rule would have done. Nothing is kept."""
    values = rule_form.sent(visit.form)
    rule_id = _id(visit.form.text("id")) if visit.form.text("id") else None
    days = 14 if visit.form.text("days") == "14" else 7
    try:
        rule = rule_form.rule_of(values)
        visit.principal.must_see_each(rule.apps or ())
        async with visit.reader.connection() as connection:
            seen, now = visit.principal.apps, datetime.now(UTC)
            result = await try_rule(connection, Trial(rule, days), seen, now)
    except BadRequest as error:
        return await _wrong(visit, rule_id, values, error)
    return await _form(visit, rule_id, values, {}, trial=result, days=days)


async def switch(visit: Visit) -> Response:
    """On or off."""
    async with visit.reader.connection() as connection:
        stored = await rules.own(connection, id_of(visit), visit.principal)
        rule = msgspec.structs.replace(stored.rule, enabled=visit.form.text("enabled") == "1")
        await rules.change(connection, stored.id, rule, visit.actor)
    return visit.go("/alerts/rules?done=saved")


async def delete(visit: Visit) -> Response:
    """End a rule; its alerts stay."""
    async with visit.reader.connection() as connection:
        await rules.delete(
            connection, await rules.own(connection, id_of(visit), visit.principal), visit.actor
        )
    return visit.go("/alerts/rules?done=done_delete")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadRequest("the rule: no UUID") from error


async def _names(connection: Connection) -> Mapping[UUID, str]:
    kept = await channels.listed(connection, None, MAX_CHANNELS)
    return {channel.id: channel.name for channel in kept}


async def _wrong(
    visit: Visit, rule_id: UUID | None, values: dict[str, Any], error: BadRequest | Conflict
) -> Response:
    """The form again, saying what is wrong."""
    if isinstance(error, SearchSyntax):
        return await _form(visit, rule_id, values, {"filter": error.reason}, wrong=error)
    if isinstance(error, Conflict):
        return await _form(visit, rule_id, values, {"": visit.words["many_rules"]})
    field = rule_form.wrong_field(str(error), values["kind"])
    said = visit.words.get(f"wrong_rule_{field}", visit.words["wrong_value"])
    return await _form(visit, rule_id, values, {field: said})


async def _form(
    visit: Visit, rule_id: UUID | None, fields: dict[str, Any], trouble: Trouble, **more: Any
) -> Response:
    async with visit.reader.connection() as connection:
        known = [app.id for app in await apps.listed(connection, visit.principal.apps)][:MAX_BOXES]
        names = await _names(connection)
    words = visit.words
    trial: TrialResult | None = more.get("trial")
    values = {
        "rule_id": rule_id,
        "form": fields,
        "trouble": trouble,
        "failure": None,
        "wrong": None,
        "days": None,
        "known_apps": [(app, app) for app in known],
        "known_channels": [(str(channel), name) for channel, name in names.items()],
        "facts": [(fact.value, words[f"fact_{fact}"]) for fact in Fact],
        "severities": [("", words["nothing_breaks"]), *_severities(words)],
        "zones": _zones(),
        "again": _spans(visit, rule_form.AGAIN, fields["again"], "rule_each_time"),
        "digest": _spans(visit, rule_form.DIGEST, fields["digest"], "rule_at_once"),
        "search_fields": [*SEARCH_FIELDS, ("app", known)],
        "days_to_try": DAYS,
        "trial": None,
        **more,
        "most": max((issue.times for issue in trial.by_issue), default=0) if trial else 0,
    }
    return visit.page("rule.html", values, 400 if trouble else 200)


def _severities(words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(severity.value, words[f"severity_{severity}"]) for severity in Severity]


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


def _spans(visit: Visit, known: tuple[int, ...], chosen: str, none: str) -> list[tuple[str, str]]:
    words, said = visit.words, visit.words["after_span"]
    return [
        (str(minutes), said.format(span_of(minutes, visit.language)) if minutes else words[none])
        for minutes in rule_form.choices(known, chosen)
    ]
