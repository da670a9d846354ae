"""What time alone brings about: ignored issues wake, apps fall silent."""

from datetime import datetime, timedelta
from typing import Final

from mana_errors.store import alerting, fold, reopening
from mana_errors.store.db import Connection
from mana_errors.triage.alert import alert, refresh
from mana_errors.triage.decide import Facts, decide
from mana_errors.triage.firing import Fires, fire
from mana_errors.triage.guard import guarded
from mana_errors.triage.sight import seen_awake
from mana_errors.triage.watch import Watch, Watched

# The ledger counts by minutes: an event may be so much younger than its minute.
_MINUTE: Final = timedelta(minutes=1)


async def tick(connection: Connection, watch: Watch, now: datetime) -> None:
    """Everything that is due."""
    while await wake(connection, watch, now) == reopening.CHUNK:
        pass
    await hear_silence(connection, watch, now)


async def wake(connection: Connection, watch: Watch, now: datetime) -> int:
    """Reopen issues that were ignored until a time that is over; how many, at most a chunk."""
    async with connection.transaction():
        await fold.hold(connection)
        woken = await reopening.wake(connection, now)
        await alert(connection, watch, list(seen_awake(woken)), now)
    return len(woken)


async def hear_silence(connection: Connection, watch: Watch, now: datetime) -> None:
    """Fire rules for apps that report nothing. An app that never did is not silent."""
    async with connection.transaction():
        await fold.hold(connection)
        await refresh(connection, watch)
        for watched in watch.silent:
            if not watch.rests(watched, now):
                async with guarded(connection, watch, [watched], now):
                    await fire(connection, await _silent(connection, watched, now), now)


async def _silent(connection: Connection, watched: Watched, now: datetime) -> list[Fires]:
    received = await alerting.last_received(connection, watched.rule.apps)
    fired = await alerting.last_fired_for_apps(connection, watched.id, received)
    fires: list[Fires] = []
    for app_id, minute in received.items():
        facts = Facts(
            now=now,
            app_id=app_id,
            environments=(),
            last_fired=fired.get(app_id, False),
            last_received=minute + _MINUTE,
        )
        step = decide(watched.rule, facts)
        if step.holds:
            fires.append(Fires(watched, app_id, None, step))
    return fires
