"""Rules as they are kept, and filters that are decided without asking the database."""

from datetime import UTC, datetime, timedelta

import pytest

from digesting import NOW, Node, event
from mana_errors.model.event import Severity
from mana_errors.model.rule import Becomes, Fact
from mana_errors.model.search import Subject, parse_search
from mana_errors.store import alerting, db, deltas, migrate, rules
from mana_errors.triage.fold import fold_once
from mana_errors.triage.sieve import Seen, floor, judge

FILTERS = [
    *("app:chat", "app:c*t", "!app:shop", "app:*", "app:shop", "app:*chat*chat*"),
    *(
        "severity:error",
        "severity:>=warning",
        "severity:<error",
        "severity:>error",
        "level:<=error",
    ),
    *("is:new", "is:unresolved", "is:resolved", "!is:ignored"),
    *("is:regressed", "is:escalating", "!is:escalating"),
    *("count:2", "count:>2", "count:<=2", "users:1", "users:>1"),
    *("type:TypeError", "type:Type*", "type:Other", "code:CODE", "!code:CODE", "code:*", "code:X"),
    *("environment:production", "env:prod*", "environment:staging", "!environment:*"),
    *("release:1.0", "release:1.*", "release:2.0", "path:/checkout", "path:/checkout/7", "path:/x"),
    *("tag.browser:Firefox", "tag.browser:*", "tag.os:*", "user:u", "user:v", "assigned:none"),
    *("broke", "BROKE", "it*broke", "nonsense", "!nonsense", '"it broke" OR nonsense'),
    *("fingerprint:*", "!fingerprint:x*", "first:>-1h", "last:<2020-01-01", "(broke code:CODE)"),
    "severity:error (is:new OR count:>9) !type:Other",
]


@pytest.mark.parametrize("again", [False, True])
async def test_a_delta_never_says_of_a_filter_what_the_database_denies(
    node: Node, *, again: bool
) -> None:
    reported = {
        "environment": "production", "release": "1.0", "user_id": "u",
        "tags": {"browser": "Firefox"}, "request_url": "https://shop.example/checkout/7",
    }  # fmt: skip
    if again:
        await node.store(event(**reported, severity=Severity.CRITICAL))
    await node.spool([event(**reported), event(**reported)])
    await node.digest_all()
    [queued] = await deltas.oldest(node.connection, 1)
    [delta] = queued.deltas
    await fold_once(node.connection)
    [row] = await node.rows("SELECT id, severity::text FROM error_logs.issues")
    worst = Severity(row["severity"])
    seen = Seen(delta, worst, not again, datetime.now(UTC))
    decided = 0
    for text in FILTERS:
        search = parse_search(text, Subject.ISSUES)
        found = await alerting.found(node.connection, search, [row["id"]])
        said = judge(search, seen)
        assert said in {None, bool(found)}, text
        assert not found or floor(search) <= worst.rank, text
        decided += said is not None
    assert decided > (20 if again else 30)


async def test_the_previous_schema_gets_the_rule_that_people_want(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = migrate.available()
    [number] = [n for n, item in enumerate(released) if item.name == "0007_pre_alerts"]
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "available", lambda: released[:number])
        await migrate.migrate(empty_dsn)
    await migrate.migrate(empty_dsn)
    connection = await db.connect(empty_dsn)
    [stored], broken = await rules.everything(connection)
    assert broken == {}
    await rules.check(connection, stored.rule)
    assert stored.rule.trigger == Becomes((Fact.NEW, Fact.REGRESSED))
    assert (stored.rule.filter, stored.rule.enabled) == ("severity:>=error", True)
    assert "production" in (stored.rule.environments or ())
    assert len(stored.rule.channels) == 1
    assert await rules.version(connection) == 1
    await connection.close()


async def test_it_fires_for_bad_news_in_production_alone(node: Node) -> None:
    for severity in (Severity.WARNING, Severity.ERROR):
        for environment in ("staging", "production", None):
            code = f"{severity}-{environment}"
            await node.spool([event(severity=severity, environment=environment, error_code=code)])
    await node.drain()
    await node.store(
        event(occurred_at=NOW - timedelta(days=1), error_code="OLD", environment="live")
    )
    rows = await node.rows(
        "SELECT body #>> '{issue,severity}' AS severity, body #>> '{issue,environment}' AS env, "
        "(SELECT count(*) FROM error_logs.deliveries d WHERE d.alert_id = a.id) AS told "
        "FROM error_logs.alerts a ORDER BY id"
    )
    found = [(row["severity"], row["env"], row["told"]) for row in rows]
    assert found == [("error", "production", 1), ("error", "live", 1)]
