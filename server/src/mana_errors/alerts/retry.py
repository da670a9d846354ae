"""When a message is tried again, when a channel rests, and when it is given up. Pure."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mana_errors.alerts.message import MAX_TOLD
from mana_errors.errors import Refused, Unreachable
from mana_errors.store.deliveries import Pace

# 5 s, 10 s, 20 s, … two hours; then every two hours.
FIRST_WAIT: Final = timedelta(seconds=5)
LAST_WAIT: Final = timedelta(hours=2)
# Jitter takes up to this share off, so that what failed together does not come together again.
JITTER: Final = 0.5
# Older is no news; and what ends the process each time it is tried ends at last.
GIVE_UP_AFTER: Final = timedelta(hours=24)
MAX_ATTEMPTS: Final = 50
# Failures in a row after which a channel is left alone: a minute, doubled each time it fails
# again, up to half an hour. Then one message is tried.
MAX_FAILURES: Final = 5
FIRST_PAUSE: Final = timedelta(minutes=1)
LAST_PAUSE: Final = timedelta(minutes=30)
# Messages a minute; half of them at once. What comes in between is told together in the next.
PEOPLE_A_MINUTE: Final = 10
PROGRAMS_A_MINUTE: Final = 120
# Deliveries of one message to people: MAX_TOLD are told, the rest as a number. Programs get all.
MAX_TOGETHER: Final = 1_000
TOGETHER: Final = {
    **dict.fromkeys(("email", "slack", "discord", "telegram", "teams", "apprise"), MAX_TOGETHER),
    "webhook": MAX_TOLD,
    # an incident is one issue's
    "pagerduty": 1,
}


def pace_after(kind: str, failures: int, error: Refused | Unreachable | None = None) -> Pace:
    """How a channel of this kind goes on, after so many failures in a row (this one not counted)
    and what its message met; None: it was sent."""
    rate = PEOPLE_A_MINUTE if TOGETHER[kind] == MAX_TOGETHER else PROGRAMS_A_MINUTE
    interval, burst = timedelta(minutes=2) / rate, rate // 2
    if error is None:
        return Pace(worked=True, interval=interval, burst=burst)
    asked = error.retry_after_s if isinstance(error, Unreachable) else None
    return Pace(
        worked=False,
        interval=interval,
        burst=burst,
        pause=_pause(failures + 1),
        wait=None if asked is None else timedelta(seconds=asked),
    )


def _pause(failures: int) -> timedelta | None:
    if failures < MAX_FAILURES:
        return None
    return _doubled(FIRST_PAUSE, failures - MAX_FAILURES, LAST_PAUSE)


def wait_before(
    attempts: int, error: Unreachable, chance: Callable[[], float] = random.random
) -> timedelta:
    """Until a message that was tried so often is tried again; not before its receiver asked."""
    wait = _doubled(FIRST_WAIT, attempts - 1, LAST_WAIT) * (1 - JITTER * chance())
    return max(wait, timedelta(seconds=error.retry_after_s or 0))


def is_over(attempts: int, made_at: datetime, now: datetime) -> bool:
    """Whether a message that failed again is given up."""
    return attempts >= MAX_ATTEMPTS or now - made_at >= GIVE_UP_AFTER


def _doubled(first: timedelta, times: int, last: timedelta) -> timedelta:
    # 2 ** 20 of either is longer than the last
    return min(first * 2 ** min(times, 20), last)
