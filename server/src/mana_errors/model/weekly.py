"""The week of some apps, beside the week before."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from mana_errors.model.event import Severity

DAYS: Final = 7
# When it is told: Monday, when people begin to work.
TOLD_AT: Final = timedelta(hours=8)


class Span(msgspec.Struct, frozen=True):
    """A week from Monday to Monday in a time zone, and the one before. Where clocks change, a week
    has an hour more or less."""

    # its Monday
    monday: date
    before: datetime
    start: datetime
    end: datetime
    zone: str


class AppWeek(msgspec.Struct, frozen=True):
    """How an app fared."""

    app: str
    name: str
    events: int
    before: int
    new_issues: int
    fixed_issues: int


class WeekIssue(msgspec.Struct, frozen=True):
    """An issue worth telling."""

    id: UUID
    app_name: str
    title: str
    severity: Severity
    # of the week, and of the one before
    events: int
    before: int
    # who ever met it
    users: int


class Week(msgspec.Struct, frozen=True):
    """What happened, the most important first; lists hold the first few."""

    span: Span
    # all that had events or issues
    apps: tuple[AppWeek, ...]
    # events a day, of both weeks
    days: tuple[int, ...]
    new: tuple[WeekIssue, ...]
    # older ones that happened much more often than in the week before
    worse: tuple[WeekIssue, ...]
    worse_total: int
    # resolved, and silent since
    fixed: tuple[WeekIssue, ...]
    # those that most users met
    met: tuple[WeekIssue, ...]

    @property
    def events(self) -> int:
        """Of all apps."""
        return sum(app.events for app in self.apps)

    @property
    def before(self) -> int:
        """Of all apps, in the week before."""
        return sum(app.before for app in self.apps)

    @property
    def new_total(self) -> int:
        """Of all apps, also those that `new` leaves out."""
        return sum(app.new_issues for app in self.apps)

    @property
    def fixed_total(self) -> int:
        """Of all apps, also those that `fixed` leaves out."""
        return sum(app.fixed_issues for app in self.apps)

    @property
    def is_empty(self) -> bool:
        """Nothing happened, nor in the week before."""
        return not self.apps


def week_of(day: date, zone: str) -> Span:
    """The week that a day is in."""
    monday = day - timedelta(days=day.weekday())
    ends = (monday + timedelta(days=DAYS * number) for number in (-1, 0, 1))
    before, start, end = (_midnight(one, zone) for one in ends)
    return Span(monday, before, start, end, zone)


def last_week(now: datetime, zone: str) -> Span:
    """The last one that is over."""
    return week_of(now.astimezone(ZoneInfo(zone)).date() - timedelta(days=DAYS), zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
