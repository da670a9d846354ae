"""What a rule that is tried did, as its moments go by. Pure."""

from collections import Counter, deque
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from mana_errors.model.decision import TrialResult, TriedDay, TriedIssue, TriedMoment, Unknown
from mana_errors.model.rule import Rule
from mana_errors.triage.decide import Facts, decide

# Of issues and of moments: what somebody looks through before saving a rule.
SHOWN: Final = 50
_DAY: Final = timedelta(days=1)


class Record:
    """Decides each moment with what the rule did before. Moments come in the order of time, at
    least those of one issue."""

    def __init__(self, rule: Rule, since: datetime, now: datetime) -> None:
        self.since = since
        self.now = now
        self.unknown: set[Unknown] = set()
        self._rule = rule
        self._quiet = timedelta(minutes=rule.again_after_minutes)
        # by issue, or by app
        self._fired: dict[UUID | str, datetime] = {}
        self._times: Counter[UUID | None] = Counter()
        self._days: Counter[datetime] = Counter()
        self._moments: deque[TriedMoment] = deque(maxlen=SHOWN)

    def is_quiet(self, subject: UUID | str, at: datetime) -> bool:
        """Whether the rule fired a while ago, so that the moment need not be decided."""
        last = self._fired.get(subject)
        return at < self.since or (last is not None and at - last < self._quiet)

    def decide(self, facts: Facts, issue: UUID | None) -> None:
        """One moment at which the rule may fire."""
        subject = issue or facts.app_id
        last = self._fired.get(subject, False)
        step = decide(self._rule, msgspec.structs.replace(facts, last_fired=last, found=True))
        if not step.holds or facts.now < self.since:
            return
        self._fired[subject] = facts.now
        self._times[issue] += 1
        self._days[_day(facts.now)] += 1
        self._moments.append(TriedMoment(facts.now, issue, facts.app_id, step.numbers))

    def result(self, titles: dict[UUID, str]) -> TrialResult:
        """What it did."""
        first, last = _day(self.since), _day(self.now)
        days = [first + day * _DAY for day in range((last - first).days + 1)]
        return TrialResult(
            fired=self._times.total(),
            by_issue=[
                TriedIssue(issue, titles[issue] if issue else "", times)
                for issue, times in self._times.most_common(SHOWN)
            ],
            moments=sorted(self._moments, key=lambda moment: moment.at, reverse=True),
            days=[TriedDay(day, self._days[day]) for day in days],
            unknown=sorted(self.unknown),
        )


def _day(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
