"""What became of a message: written down, and how its channel goes on."""

from datetime import UTC, datetime

from mana_errors.alerts.gather import Work, made_at
from mana_errors.alerts.retry import is_over, pace_after, wait_before
from mana_errors.alerts.send import Result
from mana_errors.errors import Refused, Unreachable
from mana_errors.model.channel import kind_of
from mana_errors.model.delivery import State
from mana_errors.store import deliveries
from mana_errors.store.db import Connection
from mana_errors.store.deliveries import Claimed, End


async def record(connection: Connection, work: Work, result: Result | None) -> State | None:
    """Where the message's deliveries stand now; None, and nothing is written, if the channel is
    no longer ours. Result None: nothing was tried."""
    channel, now = work.channel, datetime.now(UTC)
    kind = kind_of(channel.target)
    if result is None:
        why = "nobody to tell" if work.message.stories else "the alert is gone"
        ended = End(State.SKIPPED, why)
        pace = pace_after(kind, channel.failures)
        return ended.state if await deliveries.end(connection, channel, ended, pace) else None
    pace = pace_after(kind, channel.failures, result.error)
    over = is_over(channel.attempts, made_at(work.message.id), now)
    if isinstance(result.error, Unreachable) and not over:
        wait = wait_before(channel.attempts, result.error)
        ours = await deliveries.later(connection, channel, wait, result.detail, pace)
        return State.WAITING if ours else None
    state = State.SENT if result.error is None else State.DEAD
    # what tells of several issues is no issue's thread
    ended = End(state, result.detail, result.thread if work.message.issue else None)
    return state if await deliveries.end(connection, channel, ended, pace) else None


async def give_up(connection: Connection, channel: Claimed) -> State | None:
    """As record, of a message whose tries were all ended by a mistake of ours or our death."""
    ended = End(State.DEAD, "no try came to an end")
    pace = pace_after(kind_of(channel.target), channel.failures, Refused(ended.detail))
    return ended.state if await deliveries.end(connection, channel, ended, pace) else None
