"""When people are told: at once, at a digest's end, at the end of quiet hours. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mana_errors.model.event import Severity
from mana_errors.model.rule import QuietHours, Rule


def due_at(
    rule: Rule, severity: Severity | None, now: datetime, waiting: datetime | None
) -> datetime:
    """When what fires now is told. `waiting`: when the rule's open digest is, in the future; None:
    there is none."""
    quiet = rule.quiet
    if quiet is not None and severity is not None and _breaks_through(quiet, severity, now):
        return now
    due = now
    if rule.digest_minutes:
        due = waiting or now + timedelta(minutes=rule.digest_minutes)
    return due if quiet is None else quiet_end(quiet, due) or due


def _breaks_through(quiet: QuietHours, severity: Severity, now: datetime) -> bool:
    severe = quiet.unless is not None and severity.rank >= quiet.unless.rank
    return severe and quiet_end(quiet, now) is not None


def quiet_end(quiet: QuietHours, moment: datetime) -> datetime | None:
    """The end of the quiet hours that a moment lies in; None: it lies in none.

    By the clock of their zone. Of an end that comes twice when the clock is changed, it is the
    second; one that is skipped comes as much later as the clock is put on.
    """
    zone = ZoneInfo(quiet.zone)
    local = moment.astimezone(zone)
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    for day in (local.date() - timedelta(days=1), local.date()):
        last = day if start < end else day + timedelta(days=1)
        begins = datetime.combine(day, start, zone).astimezone(UTC)
        ending = datetime.combine(last, end, zone)
        ends = max(ending.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if begins <= moment < ends:
            return ends
    return None
