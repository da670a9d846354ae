"""The demo's events: deterministic, of every kind, and fit to be stored."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from mana_errors.cli.demo.apps import APPS, PREFIX
from mana_errors.cli.demo.events import SPAN, make_demo
from mana_errors.cli.demo.problems import Course, problem_count
from mana_errors.digest.frames import structured_stack
from mana_errors.digest.group import group, tell
from mana_errors.store.spool.format import decode_record, encode_event

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
COUNT = 6000


def test_the_same_seed_makes_the_same_events() -> None:
    one, same, other = (
        [encode_event(event) for _, event in make_demo(seed, 300, NOW).events()]
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_events_are_as_many_as_wanted_in_order_and_within_retention() -> None:
    for count in (1, 25, COUNT):
        events = [event for _, event in make_demo(1, count, NOW).events()]
        assert len(events) == len({event.id for event in events}) == count
        times = [event.occurred_at for event in events]
        assert times == sorted(times)
        assert NOW - SPAN <= times[0] <= times[-1] <= NOW
        assert all(event.received_at >= event.occurred_at for event in events)


def test_every_app_and_every_course_has_events() -> None:
    made = make_demo(1, COUNT, NOW)
    events = list(made.events())
    assert {event.app_id for _, event in events} == {app.id for app in APPS}
    assert len(APPS) == 12
    assert all(app.id.startswith(PREFIX) for app in APPS)
    assert {made.problems[number].course for number, _ in events} == set(Course)


def test_a_problem_is_one_issue_and_two_are_two() -> None:
    made = make_demo(1, COUNT, NOW)
    hashes: defaultdict[int, set[object]] = defaultdict(set)
    for number, event in made.events():
        hashes[number].add(group(event, tell(structured_stack(event))).grouping_hash)
    assert len(hashes) == problem_count(COUNT)
    assert all(len(of_problem) == 1 for of_problem in hashes.values())
    assert len(set.union(*hashes.values())) == len(hashes)


def test_courses_go_as_they_are_called() -> None:
    made = make_demo(1, COUNT, NOW)
    times: defaultdict[Course, list[tuple[int, datetime]]] = defaultdict(list)
    for number, event in made.events():
        times[made.problems[number].course].append((number, event.occurred_at))
    assert all(at > NOW - timedelta(days=1) for _, at in times[Course.NEW])
    for number, at in times[Course.FIXED]:
        fixed = made.problems[number].resolved
        assert fixed is not None
        assert at <= fixed
    for number, at in times[Course.REGRESSION]:
        problem = made.problems[number]
        assert problem.resolved is not None
        assert problem.returns is not None
        assert at <= problem.resolved or at >= problem.returns
    hours = Counter((number, at.date()) for number, at in times[Course.STORM])
    storms = Counter(number for number, _ in times[Course.STORM])
    busiest = {number: max(n for (of, _), n in hours.items() if of == number) for number in storms}
    assert sum(busiest.values()) > 0.7 * sum(storms.values())


def test_releases_go_up_with_time() -> None:
    """Some events come from the release before; none from one that is still to come."""
    made = make_demo(1, COUNT, NOW)
    for _, event in made.events():
        since, versions = made.releases[event.app_id]
        released = since[versions.index(event.release or "")]
        assert released <= event.occurred_at


def test_an_event_survives_the_spool() -> None:
    for _, event in make_demo(1, 50, NOW).events():
        assert decode_record(encode_event(event)) == event
