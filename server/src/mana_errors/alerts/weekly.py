"""The weekly report: on Mondays, to each member who wants it, of the apps that they see.

A week's reports are rows, one a member, made by whichever server comes first. Each is one server's
while it is sent, so in normal running none comes twice; it has the same Message-ID at each try.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from mana_errors import meters
from mana_errors.alerts.links import Links
from mana_errors.alerts.retry import MAX_ATTEMPTS, wait_before
from mana_errors.alerts.send import TRY_S
from mana_errors.config import Settings
from mana_errors.errors import Refused, Unreachable
from mana_errors.logs import Limited
from mana_errors.model.delivery import State
from mana_errors.model.weekly import TOLD_AT, Span, Week, last_week
from mana_errors.store import db, weekly
from mana_errors.store.reader import Reader
from mana_errors.store.secrets import link_key
from mana_errors.store.weekly import Due

# How soon after eight it begins; and how soon a try that is due is made.
POLL_S: Final = 10.0
# A report is ours so long: many times what reading and sending take.
LEASE: Final = timedelta(minutes=5)

_log: Final = logging.getLogger(__name__)


async def run(reader: Reader, settings: Settings, stopping: asyncio.Event) -> None:
    """Until told to stop. Without SMTP nothing is ever due."""
    limited = Limited(_log, quiet_s=db.START_S)
    while settings.smtp_url and not stopping.is_set():
        try:
            await send_due(reader, settings, partial(datetime.now, UTC), stopping)
        except db.PASSING as error:
            meters.database_failures.labels("weekly").inc()
            limited.warning("the weekly report waits for PostgreSQL", reason=str(error))
        except Exception:  # noqa: BLE001 - a mistake of ours must not end what sends alerts
            meters.unexpected.labels("weekly").inc()
            _log.exception("the weekly report failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), POLL_S)


async def send_due(
    reader: Reader, settings: Settings, clock: Callable[[], datetime], stopping: asyncio.Event
) -> None:
    """Send last week's reports that are due."""
    span = last_week(begun := clock(), settings.time_zone)
    due_at = span.end + TOLD_AT
    if begun < due_at:
        return
    async with reader.connection() as connection:
        await weekly.plan(connection, span, due_at)
    # members who see the same apps read the same
    weeks: dict[frozenset[str] | None, Week] = {}
    while not stopping.is_set():
        # each takes its time
        now = clock()
        async with reader.connection() as connection:
            due = await weekly.claim(connection, span.monday, now, now + LEASE)
        if due is None:
            return
        week = await _read(reader, span, due, weeks)
        result = await _send(week, due, settings)
        await _settle(reader, due, clock(), result)


async def _read(
    reader: Reader, span: Span, due: Due, weeks: dict[frozenset[str] | None, Week]
) -> Week:
    apps = None if due.apps is None else frozenset(due.apps)
    if apps not in weeks:
        async with reader.connection() as connection:
            weeks[apps] = await weekly.read_week(connection, span, apps)
    return weeks[apps]


async def _send(week: Week, due: Due, settings: Settings) -> str | Refused | Unreachable:
    """What the server answered, or why it did not take it; empty: there is nothing to tell."""
    # 5 MB that are needed once a week
    from mana_errors.alerts.channels import email  # noqa: PLC0415
    from mana_errors.alerts.weekly_text import render_week  # noqa: PLC0415

    if week.is_empty:
        return ""
    language = due.language or settings.language
    mute_url = Links(link_key(settings), settings.address).no_weekly(due.email)
    rendered = render_week(week, language, settings.address, mute_url)
    try:
        mail = email.compose(rendered, email.checked_address(due.email), mute_url, settings)
        mail["Message-ID"] = email.message_id(f"week-{due.week}-{due.member_id}", settings)
        mail["Date"] = week.span.end + TOLD_AT
        async with asyncio.timeout(TRY_S):
            return await email.transmit(mail, settings)
    except (Refused, Unreachable) as error:
        return error
    except TimeoutError:
        return Unreachable(f"no answer within {TRY_S:.0f} s")


async def _settle(
    reader: Reader, due: Due, now: datetime, result: str | Refused | Unreachable
) -> None:
    state, detail = State.SENT if result else State.SKIPPED, str(result) or "nothing to tell"
    again_at = None
    if isinstance(result, Unreachable) and due.attempts < MAX_ATTEMPTS:
        state, again_at = State.WAITING, now + wait_before(due.attempts, result)
    elif isinstance(result, Exception):
        state = State.DEAD
    async with reader.connection() as connection:
        ours = await weekly.settle(connection, due, state, detail, again_at)
    if ours:
        meters.deliveries.labels("weekly", state).inc()
