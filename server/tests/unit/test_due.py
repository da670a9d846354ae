"""When people are told: digests, quiet hours, and days on which clocks are changed."""

from datetime import UTC, datetime, timedelta

import pytest

from mana_errors.model.event import Severity
from mana_errors.model.rule import Occurs, QuietHours, Rule
from mana_errors.triage.due import due_at, quiet_end

NIGHT = QuietHours("Europe/Berlin", "22:00", "07:00")
NOON = QuietHours("Europe/Berlin", "12:00", "13:30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "moment", "end"),
    [
        # winter: an hour before UTC's clock; summer: two
        (NIGHT, "2026-01-10T20:59", None),
        (NIGHT, "2026-01-10T21:00", "2026-01-11T06:00"),
        (NIGHT, "2026-01-11T05:59", "2026-01-11T06:00"),
        (NIGHT, "2026-01-11T06:00", None),
        (NIGHT, "2026-07-10T20:00", "2026-07-11T05:00"),
        (NOON, "2026-01-10T11:00", "2026-01-10T12:30"),
        (NOON, "2026-01-10T12:30", None),
        # the clock is put on in the night of 29 March, back in that of 25 October
        (NIGHT, "2026-03-28T22:00", "2026-03-29T05:00"),
        (NIGHT, "2026-10-24T21:00", "2026-10-25T06:00"),
        # an end that is skipped, and one that comes twice
        (QuietHours("Europe/Berlin", "01:00", "02:30"), "2026-03-29T00:30", "2026-03-29T01:30"),
        (QuietHours("Europe/Berlin", "01:00", "02:30"), "2026-10-25T01:00", "2026-10-25T01:30"),
        # a beginning that comes twice is the first
        (QuietHours("Europe/Berlin", "02:30", "06:00"), "2026-10-25T00:30", "2026-10-25T05:00"),
        (QuietHours("Asia/Kolkata", "00:00", "06:00"), "2026-01-09T18:30", "2026-01-10T00:30"),
    ],
)
def test_quiet_hours_are_by_the_clock_of_their_zone(
    quiet: QuietHours, moment: str, end: str | None
) -> None:
    assert quiet_end(quiet, at(moment)) == (None if end is None else at(end))


def test_every_minute_of_a_year_is_quiet_or_not_and_the_end_is_not() -> None:
    moment = at("2026-01-01T00:00")
    for _ in range(365 * 24 * 4):
        moment += timedelta(minutes=15)
        end = quiet_end(NIGHT, moment)
        if end is not None:
            assert moment < end <= moment + timedelta(hours=10)
            assert quiet_end(NIGHT, end) is None


def rule(quiet: QuietHours | None = None, digest: int = 0) -> Rule:
    return Rule(name="r", trigger=Occurs(), quiet=quiet, digest_minutes=digest)


DAY, MIDNIGHT, MORNING = (
    at("2026-01-10T12:00"), at("2026-01-10T23:00"), at("2026-01-11T06:00"),
)  # fmt: skip


def test_at_once_or_at_the_digest_s_end() -> None:
    error = Severity.ERROR
    assert due_at(rule(), error, DAY, None) == DAY
    assert due_at(rule(digest=30), error, DAY, None) == DAY + timedelta(minutes=30)
    waiting = DAY + timedelta(minutes=7)
    assert due_at(rule(digest=30), error, DAY, waiting) == waiting


def test_quiet_hours_hold_back_what_does_not_break_through() -> None:
    assert due_at(rule(NIGHT), Severity.ERROR, MIDNIGHT, None) == MORNING
    assert due_at(rule(NIGHT), Severity.CRITICAL, MIDNIGHT, None) == MIDNIGHT
    assert due_at(rule(NIGHT, 30), Severity.CRITICAL, MIDNIGHT, MORNING) == MIDNIGHT
    assert due_at(rule(NIGHT, 30), Severity.CRITICAL, DAY, None) == DAY + timedelta(minutes=30)
    nothing = QuietHours("Europe/Berlin", "22:00", "07:00", unless=None)
    assert due_at(rule(nothing), Severity.CRITICAL, MIDNIGHT, None) == MORNING
    # an app's silence has no severity
    assert due_at(rule(NIGHT), None, MIDNIGHT, None) == MORNING


def test_a_digest_that_ends_in_quiet_hours_waits_for_their_end() -> None:
    evening = at("2026-01-10T20:50")
    assert due_at(rule(NIGHT, 30), Severity.ERROR, evening, None) == MORNING
