"""Which release is the later one, for whatever people call their releases."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.model.release import Release, is_later, latest, parse_version, reaches

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
number = st.integers(0, 30).map(str)
identifier = st.one_of(number, st.sampled_from(["alpha", "beta", "rc", "x-1", "0a"]))
pre = st.lists(identifier, min_size=1, max_size=3).map(".".join)
numbers = st.lists(number, min_size=2, max_size=4).map(".".join)
versions = st.builds(
    lambda v, numbers, pre, build: f"{v}{numbers}{'-' + pre if pre else ''}{build}",
    st.sampled_from(["", "v", "shop@"]),
    numbers,
    st.one_of(st.none(), pre),
    st.sampled_from(["", "+7", "+sha.5114f85"]),
)
names = st.one_of(versions, st.text(max_size=20), st.sampled_from(["dev", "5114f85", "20260101"]))
seen = st.one_of(st.none(), st.integers(0, 50).map(lambda n: NOON + timedelta(hours=n)))
releases = st.builds(Release, names, seen)
dated = st.builds(Release, names, seen.filter(bool))

# semver.org, item 11, in order; and what people write besides.
PRECEDENCE = [
    "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0.1", "v1.0.1", "1.2", "1.10.0", "2.0.0",
    "2026.01.15",
]  # fmt: skip


def test_versions_are_ordered_as_semver_says() -> None:
    for place, lower in enumerate(PRECEDENCE):
        for higher in PRECEDENCE[place + 1 :]:
            assert is_later(Release(higher), Release(lower)), (higher, lower)
            assert not is_later(Release(lower), Release(higher)), (higher, lower)


@given(releases, releases)
def test_no_two_releases_are_later_than_each_other(one: Release, other: Release) -> None:
    assert not (is_later(one, other) and is_later(other, one))


@given(releases)
def test_no_release_is_later_than_itself_but_each_reaches_itself(one: Release) -> None:
    assert not is_later(one, one)
    assert reaches(one, one)


@given(st.tuples(versions, versions, versions).map(lambda found: [Release(v) for v in found]))
def test_the_order_of_versions_has_no_circle(found: list[Release]) -> None:
    one, two, three = found
    if is_later(one, two) and is_later(two, three):
        assert is_later(one, three) or "@" in f"{one.version}{two.version}{three.version}"


@given(dated, dated)
def test_what_has_no_common_order_goes_by_time(one: Release, other: Release) -> None:
    mine, others = parse_version(one.version), parse_version(other.version)
    if mine is None or others is None:
        assert one.first_seen is not None
        assert other.first_seen is not None
        by_time = one.first_seen > other.first_seen and one.version != other.version
        assert is_later(one, other) == by_time


@given(st.lists(st.builds(Release, versions.filter(lambda v: "@" not in v), seen), min_size=1))
def test_no_version_is_later_than_the_latest(found: list[Release]) -> None:
    last = latest(found)
    assert last is not None
    mine = parse_version(last.version)
    for release in found:
        others = parse_version(release.version)
        assert mine is not None
        assert others is not None
        assert others <= mine


@pytest.mark.parametrize("text", ["5114f85", "1234567", "20260101", "main", "1.2.3-", "1..2", ""])
def test_what_is_no_version_is_not_taken_for_one(text: str) -> None:
    """A hash of digits alone would come after everything."""
    assert parse_version(text) is None


def test_another_spelling_of_the_release_reaches_it() -> None:
    """A build that was never seen under the plain name has its fix."""
    assert reaches(Release("1.2.0+9", NOON), Release("1.2.0"))
    assert reaches(Release("v1.2", NOON), Release("1.2.0"))


def test_versions_of_two_packages_go_by_time() -> None:
    old, new = Release("api@9.0.0", NOON), Release("web@1.0.0", NOON + timedelta(hours=1))
    assert is_later(new, old)
    assert not is_later(old, new)


def test_builds_of_one_version_go_by_time() -> None:
    old, new = Release("1.0.0+10", NOON), Release("1.0.0+9", NOON + timedelta(hours=1))
    assert is_later(new, old)


def test_what_was_not_seen_yet_is_still_to_come() -> None:
    assert not reaches(Release("main-2", NOON), Release("main-3"))
    assert is_later(Release("main-3"), Release("main-2", NOON))
