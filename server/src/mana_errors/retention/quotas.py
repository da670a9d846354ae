"""Quotas: says which apps are over theirs, so that ingest refuses what comes until the window ends.

Counts what was stored or sampled; what ingest refused uses nothing up.
"""

from datetime import datetime, timedelta
from typing import Final

from mana_errors.model.app import AppSettings, Quota
from mana_errors.store import apps, usage
from mana_errors.store.db import Connection
from mana_errors.store.usage import NOTHING_USED, Used

# Longer than any month.
_NEXT_MONTH: Final = timedelta(days=32)


async def evaluate(connection: Connection, now: datetime) -> None:
    """Set or clear of each app until when it is over which quota."""
    listed = await apps.listed(connection, None)
    limited = [app.id for app in listed if has_quota(app.settings)]
    hour, day, month = starts(now)
    used = await usage.used(connection, limited, hour, day, month) if limited else {}
    for app in listed:
        over = exceeded(app.settings, used.get(app.id, NOTHING_USED))
        until = None if over is None else ends(now)[over]
        if (app.over, app.over_until) != (over, until):
            await apps.set_over(connection, app.id, until, over)


def has_quota(settings: AppSettings) -> bool:
    """Whether any of an app's windows is limited."""
    return any(limits(settings).values())


def limits(settings: AppSettings) -> dict[Quota, int]:
    """Events that each window may take; 0 = no limit. The longest window first."""
    return {
        Quota.MONTH: settings.events_per_month,
        Quota.DAY: settings.events_per_day,
        Quota.HOUR: settings.events_per_hour,
    }


def exceeded(settings: AppSettings, used: Used) -> Quota | None:
    """The quota that is used up; of several the one that lasts longest."""
    uses = {Quota.MONTH: used.month, Quota.DAY: used.day, Quota.HOUR: used.hour}
    for quota, limit in limits(settings).items():
        if 0 < limit <= uses[quota]:
            return quota
    return None


def starts(now: datetime) -> tuple[datetime, datetime, datetime]:
    """When the hour, day and month of a UTC time began."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    return hour, day, day.replace(day=1)


def ends(now: datetime) -> dict[Quota, datetime]:
    """When they end."""
    hour, day, month = starts(now)
    return {
        Quota.HOUR: hour + timedelta(hours=1),
        Quota.DAY: day + timedelta(days=1),
        Quota.MONTH: (month + _NEXT_MONTH).replace(day=1),
    }
