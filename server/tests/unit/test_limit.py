"""Token buckets, and the trickle of an app over its quota. Time is passed in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mana_errors.config import Settings
from mana_errors.errors import OverQuota, TooManyRequests
from mana_errors.ingest.limit import Buckets, Limits
from mana_errors.ingest.quota import MAX_RETRY_AFTER_S, TRICKLE_PER_S, Quotas
from mana_errors.ingest.report import Report
from mana_errors.model.app import AppSettings, KnownApp, Quota

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def app(name: str = "chat", **settings: Any) -> KnownApp:
    return KnownApp(name, 1, AppSettings(**settings))


@given(
    rate=st.floats(0.01, 1000),
    burst=st.integers(1, 100),
    steps=st.lists(st.floats(0, 10), max_size=100),
)
def test_no_span_of_time_passes_more_than_burst_and_rate(
    rate: float, burst: int, steps: list[float]
) -> None:
    """Whenever tokens are asked for: burst + rate x time passes, and no more."""
    buckets, now, passed = Buckets(), 0.0, []
    for step in steps:
        now += step
        if not buckets.take("a", rate, burst, now):
            passed.append(now)
    for first, start in enumerate(passed):
        for count, end in enumerate(passed[first:], 1):
            assert count <= burst + rate * (end - start) + 1e-6


def test_silence_saves_up_no_more_than_a_burst() -> None:
    """After a quiet night an app may still send only so much at once."""
    buckets = Buckets()
    assert buckets.take("a", 5, 3, 0.0) == 0
    assert [buckets.take("a", 5, 3, 1e6) == 0 for _ in range(5)] == [True] * 3 + [False] * 2


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 20))
def test_what_is_said_to_wait_is_enough(rate: float, burst: int) -> None:
    """After Retry-After there is a token."""
    buckets = Buckets()
    while not (wait := buckets.take("a", rate, burst, 5.0)):
        pass
    assert buckets.take("a", rate, burst, 5.0 + wait + 1e-6) == 0


def test_the_number_of_buckets_is_bounded() -> None:
    """A stranger with many addresses costs no more memory; who is asked for stays."""
    buckets = Buckets(most=10)
    assert buckets.take("honest", 1e-9, 1, 0.0) == 0
    for n in range(1000):
        buckets.take(f"strange {n}", 1, 1, 0.0)
        assert buckets.take("honest", 1e-9, 1, 0.0) > 0
    assert len(buckets) == 10


def test_an_address_has_its_share_of_a_worker() -> None:
    """Two workers: half of burst and rate each."""
    ticks = Ticks()
    settings = Settings(rate_per_address=4, rate_burst_per_address=6, workers=2)
    limits = Limits(settings, ticks)
    for _ in range(3):
        limits.take_request("203.0.113.7")
    with pytest.raises(TooManyRequests) as caught:
        limits.take_request("203.0.113.7")
    assert caught.value.retry_after_s == 1
    limits.take_request("203.0.113.8")
    ticks.now += 0.5
    limits.take_request("203.0.113.7")


@pytest.mark.parametrize(("rate", "bucket"), [(0, "203.0.113.7"), (50, "")])
def test_no_limit_and_no_address(rate: int, bucket: str) -> None:
    """0 turns the limit off; what has no bucket is exempt."""
    limits = Limits(Settings(rate_per_address=rate, rate_burst_per_address=1))
    for _ in range(10):
        limits.take_request(bucket)


def test_one_key_cannot_use_up_the_apps_events() -> None:
    """What a key's bucket refuses costs the app nothing."""
    ticks = Ticks()
    limits = Limits(Settings(), ticks)
    chat = app(rate_per_second=10, key_rate_per_second=1, key_rate_burst=2)
    for _ in range(2):
        limits.take_event(chat, "leaked")
    for _ in range(100):
        with pytest.raises(TooManyRequests, match="this key"):
            limits.take_event(chat, "leaked")
    for _ in range(8):
        limits.take_event(chat, None)
    with pytest.raises(TooManyRequests, match="this app"):
        limits.take_event(chat, "good")
    limits.take_event(app("other", rate_per_second=1), None)


def report(message: str = "no cart", code: str = "C", **fields: Any) -> Report:
    return Report(error_code=code, error_type="T", message=message, **fields)


def over(until: datetime = NOW + timedelta(minutes=5)) -> KnownApp:
    return KnownApp("chat", 1, AppSettings(), until, Quota.HOUR)


def test_an_app_over_its_quota_shows_each_new_problem_once() -> None:
    """Numbers in messages and paths make no new problem."""
    quotas = Quotas(Settings(), lambda: NOW, Ticks())
    quotas.take_event(over(), report("cart 1", request_url="/a/1?x=1"))
    for n in range(100):
        with pytest.raises(OverQuota, match="hour") as caught:
            quotas.take_event(over(), report(f"cart {n}", request_url=f"/a/{n}?x={n}"))
        assert caught.value.retry_after_s == 300
    quotas.take_event(over(), report("another"))
    quotas.take_event(over(), report("cart 1", code="D", request_url="/a/1"))


def test_new_problems_trickle() -> None:
    """A flood of new ones too; who had to wait may come later."""
    ticks = Ticks()
    quotas = Quotas(Settings(), lambda: NOW, ticks)
    let_in = 0
    for n in range(100):
        try:
            quotas.take_event(over(), report(code=f"C{n}"))
            let_in += 1
        except OverQuota:
            pass
    assert let_in == TRICKLE_PER_S
    ticks.now += 1
    quotas.take_event(over(), report(code="C99"))


def test_the_end_of_a_quota_ends_all_of_it() -> None:
    """Past its end, and when the directory says so; the next one begins anew."""
    quotas = Quotas(Settings(), lambda: NOW, Ticks())
    quotas.take_event(over(), report())
    quotas.take_event(over(NOW - timedelta(seconds=1)), report())
    quotas.take_event(app(), report())
    quotas.take_event(over(NOW + timedelta(days=20)), report())
    with pytest.raises(OverQuota) as caught:
        quotas.take_event(over(NOW + timedelta(days=20)), report())
    assert caught.value.retry_after_s == MAX_RETRY_AFTER_S
