"""What became of a batch's events, as lines of the ledger. Pure, but for the meters."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from mana_errors import meters
from mana_errors.digest.copy import Refusal
from mana_errors.digest.dead_letters import DeadLetter
from mana_errors.digest.sample import Plan
from mana_errors.model.event import Event
from mana_errors.model.grouped import GroupedEvent
from mana_errors.model.outcome import AppDay, DigestOutcome, Outcome, OutcomeCount

_MINUTE: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fates:
    """Every event of a batch, under what became of it."""

    stored: list[GroupedEvent]
    sampled: list[GroupedEvent]
    duplicates: list[GroupedEvent]
    letters: list[DeadLetter]

    @property
    def counted(self) -> list[GroupedEvent]:
        """What issues count: bodies or not."""
        return [*self.stored, *self.sampled] if self.sampled else self.stored


def settle(
    plan: Plan,
    refusals: Sequence[Refusal],
    resent: Sequence[GroupedEvent],
    letters: Sequence[DeadLetter],
) -> Fates:
    """What became of a batch, once COPY has spoken; resent and letters were out before."""
    lost = {id(refusal.item) for refusal in refusals}
    twice = [refusal.item for refusal in refusals if refusal.letter is None]
    refused = [refusal.letter for refusal in refusals if refusal.letter is not None]
    return Fates(
        stored=[item for item in plan.kept if id(item) not in lost] if lost else plan.kept,
        sampled=plan.dropped,
        duplicates=[*resent, *plan.resent, *twice],
        letters=[*letters, *refused],
    )


def others(items: Sequence[GroupedEvent], chosen: Sequence[GroupedEvent]) -> list[GroupedEvent]:
    """The items that are not among the chosen ones."""
    if len(items) == len(chosen):
        return []
    there = {id(item) for item in chosen}
    return [item for item in items if id(item) not in there]


def lines(
    fates: Fates, refused: Iterable[OutcomeCount], registered: Collection[str], now: datetime
) -> list[OutcomeCount]:
    """The batch's lines, each app, outcome and minute once, sorted: all digests lock in one order.

    Of what cannot be read nobody knows whose it was and when it came: it counts now.
    """
    counts: Counter[tuple[str, datetime, Outcome]] = Counter()
    for line in refused:
        counts[line.app_id, line.minute, line.outcome] += line.count
    for outcome, events in _events(fates):
        for (app_id, minute), count in _by_minute(events).items():
            known = app_id if app_id in registered else ""
            counts[known, _EPOCH + minute * _MINUTE, outcome] += count
    if unreadable := sum(letter.event is None for letter in fates.letters):
        this_minute = now.replace(second=0, microsecond=0)
        counts["", this_minute, Outcome.DEAD_LETTER] += unreadable
    return [OutcomeCount(app, outcome, at, n) for (app, at, outcome), n in sorted(counts.items())]


def app_days(stored: Sequence[GroupedEvent]) -> list[AppDay]:
    """What the stored events take, each app and day once, sorted."""
    events: Counter[tuple[str, date]] = Counter()
    size: Counter[tuple[str, date]] = Counter()
    for item in stored:
        key = (item.event.app_id, item.event.occurred_at.date())
        events[key] += 1
        size[key] += item.size
    return [AppDay(*key, count, size[key]) for key, count in sorted(events.items())]


def observe(fates: Fates) -> None:
    """Tell the meters."""
    meters.batch_events.observe(len(fates.stored))
    meters.digested.labels(DigestOutcome.STORED).inc(len(fates.stored))
    meters.digested.labels(DigestOutcome.SAMPLED).inc(len(fates.sampled))
    meters.digested.labels(DigestOutcome.DUPLICATE).inc(len(fates.duplicates))
    meters.digested.labels(DigestOutcome.DEAD_LETTER).inc(len(fates.letters))
    if fates.stored:
        lag = datetime.now(UTC) - fates.stored[-1].event.received_at
        meters.digest_lag_seconds.observe(max(lag.total_seconds(), 0))


def _events(fates: Fates) -> Iterator[tuple[Outcome, Iterable[Event]]]:
    yield Outcome.STORED, (item.event for item in fates.stored)
    yield Outcome.SAMPLED, (item.event for item in fates.sampled)
    yield Outcome.DUPLICATE, (item.event for item in fates.duplicates)
    yield Outcome.DEAD_LETTER, (letter.event for letter in fates.letters if letter.event)


def _by_minute(events: Iterable[Event]) -> Counter[tuple[str, int]]:
    """Events by app and minute since 1970: a fraction of what times as keys would cost."""
    return Counter((event.app_id, int(event.received_at.timestamp()) // 60) for event in events)
