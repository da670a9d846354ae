"""Rules as triage holds them: read once per change, found by app."""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from mana_errors.model.event import JsonObject, Severity
from mana_errors.model.issue import Delta
from mana_errors.model.rule import (
    MAX_WINDOW_MINUTES,
    Becomes,
    Fact,
    Occurs,
    Rule,
    Silent,
)
from mana_errors.model.search import Search
from mana_errors.store.alerting import Pair
from mana_errors.triage.decide import Facts, decide, least_events
from mana_errors.triage.memory import Memory
from mana_errors.triage.sieve import Seen, floor, judge

# A window that ended before is history: of events that were uploaded late, nobody wants to be told.
LATE: Final = timedelta(hours=1)
# A rule that failed is tried again after so long.
REST: Final = timedelta(minutes=10)
_WIDEST: Final = timedelta(minutes=MAX_WINDOW_MINUTES) + LATE


class Watched(msgspec.Struct, frozen=True, eq=False):
    """A rule that is on."""

    id: UUID
    rule: Rule
    search: Search

    @property
    def least(self) -> int:
        """Events that an issue needs at the very least."""
        return least_events(self.rule.trigger)

    @property
    def quiet(self) -> timedelta:
        """How long it does not fire again."""
        return timedelta(minutes=self.rule.again_after_minutes)


class Sight(msgspec.Struct, frozen=True, eq=False):
    """What a fold, or a clock, says of one issue."""

    issue: UUID
    app_id: str
    # of its events; "" = not given
    environments: Collection[str]
    fact: Fact | None
    details: JsonObject
    # None: no event, a time was over
    delta: Delta | None
    # the issue's; None: not known
    severity: Severity | None
    # whether it has several grouping hashes
    merged: bool = False


class Candidate(NamedTuple):
    """A rule that may fire for an issue."""

    watched: Watched
    sight: Sight
    facts: Facts

    @property
    def pair(self) -> Pair:
        """The rule and the issue."""
        return self.watched.id, self.sight.issue


class _OfApp(NamedTuple):
    becoming: list[Watched]
    # by the severity that issues need, least first
    occurring: list[Watched]
    floors: list[int]
    # by the events that they need, fewest first
    counting: list[Watched]
    leasts: list[int]


class Watch:
    """The rules that are on, and what is remembered of issues."""

    def __init__(self) -> None:
        # of the rules; None: not read yet
        self.version: int | None = None
        self.memory: Memory = Memory()
        self._rules: list[Watched] = []
        self._of_app: dict[str, _OfApp] = {}
        self._resting: dict[UUID, datetime] = {}
        # rules that candidates() could not try, and why
        self.broken: dict[UUID, str] = {}

    def take(self, version: int, rules: list[Watched]) -> None:
        """Hold these rules from now on; what was remembered was of others."""
        self.version, self._rules = version, rules
        self.memory, self._of_app, self._resting = Memory(), {}, {}

    @property
    def is_empty(self) -> bool:
        """Whether no rule is on."""
        return not self._rules

    @property
    def silent(self) -> list[Watched]:
        """Rules about apps that report nothing."""
        return [item for item in self._rules if isinstance(item.rule.trigger, Silent)]

    def rest(self, watched: Watched, now: datetime) -> None:
        """Leave a rule that failed alone for a while."""
        self._resting[watched.id] = now + REST

    def rests(self, watched: Watched, now: datetime) -> bool:
        """Whether a rule failed a while ago."""
        return self._resting.get(watched.id, now) > now

    def failed(self, watched: Watched) -> bool:
        """Whether a rule has failed since it was read."""
        return watched.id in self._resting

    def recovered(self, watched: Watched) -> None:
        """It works again."""
        del self._resting[watched.id]

    def uncounted(self, sights: Collection[Sight], now: datetime) -> list[UUID]:
        """Issues whose events must be counted before candidates() is asked."""
        unknown: list[UUID] = []
        for sight in sights:
            if sight.delta is None or not self._rules_of(sight.app_id).counting:
                continue
            if sight.fact is Fact.NEW:
                self.memory.bound(sight.issue, sight.delta.count, now)
            elif sight.merged or not self.memory.grow(sight.issue, sight.delta.count, now):
                unknown.append(sight.issue)
        return unknown

    def candidates(self, sights: Collection[Sight], now: datetime) -> list[Candidate]:
        """Rules that may fire for issues, as far as is known without asking the database. Most
        issues have none, and are left after a few comparisons."""
        found: list[Candidate] = []
        for sight in sights:
            of_app = self._rules_of(sight.app_id)
            may = of_app.becoming if sight.fact is not None else []
            if sight.delta is not None and sight.severity is not None:
                severe = bisect_right(of_app.floors, sight.severity.rank)
                may = may + of_app.occurring[:severe] if severe else may
                if of_app.counting:
                    may = may + self._enough(of_app, sight, sight.delta.count, now)
            if may:
                found += self._tried(may, sight, now)
        return found

    def _enough(self, of_app: _OfApp, sight: Sight, events: int, now: datetime) -> list[Watched]:
        """Rules whose numbers an issue may reach."""
        enough = bisect_right(of_app.leasts, self.memory.most(sight.issue))
        return [
            watched
            for watched in of_app.counting[:enough]
            if not self.memory.misses((watched.id, sight.issue), events, now) or sight.merged
        ]

    def _tried(self, rules: list[Watched], sight: Sight, now: datetime) -> Iterator[Candidate]:
        seen = None
        if sight.delta is not None and sight.severity is not None:
            seen = Seen(sight.delta, sight.severity, sight.fact is Fact.NEW, now)
        for watched in rules:
            if watched.id in self._resting and self.rests(watched, now):
                continue
            try:
                facts = self._may(watched, sight, seen, now)
            except Exception as error:  # noqa: BLE001 - told and counted by who asks
                self.rest(watched, now)
                self.broken[watched.id] = f"{type(error).__name__}: {error}"
                continue
            if facts is not None:
                yield Candidate(watched, sight, facts)

    def _may(
        self, watched: Watched, sight: Sight, seen: Seen | None, now: datetime
    ) -> Facts | None:
        """The cheapest first: most rules end here for most issues."""
        found = None
        if watched.rule.filter and seen is not None:
            found = judge(watched.search, seen)
            if found is False:
                return None
        last = self.memory.last_fired((watched.id, sight.issue))
        if last is not None and now - last >= watched.quiet:
            # it may have fired since
            last = None
        facts = Facts(
            now=now,
            app_id=sight.app_id,
            environments=sight.environments,
            fact=sight.fact,
            details=sight.details,
            last_fired=last,
            found=found,
        )
        return None if decide(watched.rule, facts).holds is False else facts

    def _rules_of(self, app_id: str) -> _OfApp:
        found = self._of_app.get(app_id)
        if found is None:
            rules = [w for w in self._rules if w.rule.apps is None or app_id in w.rule.apps]
            occurring = [w for w in rules if isinstance(w.rule.trigger, Occurs)]
            occurring.sort(key=lambda watched: floor(watched.search))
            counting = sorted((w for w in rules if w.least), key=lambda watched: watched.least)
            found = self._of_app[app_id] = _OfApp(
                [w for w in rules if isinstance(w.rule.trigger, Becomes)],
                occurring,
                [floor(watched.search) for watched in occurring],
                counting,
                [watched.least for watched in counting],
            )
        return found


def since(now: datetime) -> datetime:
    """From which whole hour on events count in some window."""
    return (now - _WIDEST).replace(minute=0, second=0, microsecond=0)
