from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.clock import ManualClock
from duelcast.ratelimit import Allowance, Buckets, TokenBucket, scaled


def test_a_new_bucket_lets_exactly_its_capacity_through() -> None:
    bucket = TokenBucket(3, now=0.0)
    passed = 0
    while bucket.ready(0.0):
        bucket.take(0.0)
        passed += 1
    assert passed == 3


def test_a_bucket_is_refilled_evenly_over_the_minute() -> None:
    bucket = TokenBucket(60, now=0.0)
    bucket.take(0.0, 60)
    assert not bucket.ready(0.999)
    assert bucket.ready(1.0)


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    bucket = TokenBucket(2, now=0.0)
    bucket.take(3600.0, 2)
    assert not bucket.ready(3600.0)


def test_a_costly_answer_may_make_the_bucket_negative_and_delays_the_next() -> None:
    bucket = TokenBucket(60, now=0.0)
    bucket.take(0.0, 100)
    assert bucket.retry_after_ms(0.0) == 41_000
    assert not bucket.ready(40.0)
    assert bucket.ready(41.0)


def test_a_ready_bucket_has_nothing_to_wait_for() -> None:
    assert TokenBucket(1, now=5.0).retry_after_ms(5.0) == 0


def test_time_that_goes_back_takes_nothing_away() -> None:
    bucket = TokenBucket(60, now=100.0)
    bucket.take(100.0, 60)
    assert not bucket.ready(50.0)
    assert bucket.ready(101.0)


@given(
    capacity=st.floats(1, 100_000),
    units=st.floats(0, 1000),
    start=st.floats(0, 1e6),
)
def test_after_the_stated_time_the_bucket_is_ready(capacity: float, units: float, start: float) -> None:
    bucket = TokenBucket(capacity, now=start)
    bucket.take(start, capacity + units)
    wait_ms = bucket.retry_after_ms(start)
    assert wait_ms > 0
    assert bucket.ready(start + wait_ms / 1000 + 1e-6)


@given(st.lists(st.floats(0, 5), max_size=200))
def test_never_more_passes_than_capacity_and_refill(gaps: list[float]) -> None:
    bucket = TokenBucket(10, now=0.0)
    now, passed = 0.0, 0
    for gap in gaps:
        now += gap
        if bucket.ready(now):
            bucket.take(now)
            passed += 1
    assert passed <= 10 + now / 6 + 1e-6


@pytest.mark.parametrize(
    ("figure", "factor", "capacity"), [(120, 1, 120), (120, 2.5, 300), (60, 0.001, 1), (120, 0, None), (0, 1, None)]
)
def test_the_factor_scales_a_figure_and_zero_switches_it_off(
    figure: float, factor: float, capacity: float | None
) -> None:
    assert scaled(figure, factor) == capacity


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(1)
    buckets.bucket("a", 0.0).take(0.0)
    assert not buckets.bucket("a", 0.0).ready(0.0)
    assert buckets.bucket("b", 0.0).ready(0.0)


def test_full_buckets_are_dropped_and_forget_nothing() -> None:
    buckets = Buckets(1)
    for number in range(100):
        buckets.bucket(str(number), 0.0).take(0.0)
    buckets.bucket("new", 60.0)
    assert len(buckets) == 1
    assert buckets.evicted == 0


def test_more_busy_keys_than_fit_push_out_the_longest_unused_and_are_counted() -> None:
    buckets = Buckets(10, max_keys=3)
    for key in ("a", "b", "c"):
        buckets.bucket(key, 0.0).take(0.0, 10)
    buckets.bucket("a", 0.0)
    buckets.bucket("d", 0.0).take(0.0)
    assert len(buckets) == 3
    assert buckets.evicted == 1
    assert not buckets.bucket("a", 0.0).ready(0.0)


def test_another_capacity_begins_with_full_buckets_and_goes_on_counting() -> None:
    buckets = Buckets(1, max_keys=1)
    for key in ("a", "b"):
        buckets.bucket(key, 0.0).take(0.0)
    buckets.resize(2)
    assert buckets.evicted == 1
    buckets.bucket("b", 0.0).take(0.0)
    assert buckets.bucket("b", 0.0).ready(0.0)


# ── allowances ──────────────────────────────────────────────────────────────────────────────────────────────────────


def allowance(figure: float = 10, factor: float = 1, *, clock: ManualClock | None = None) -> Allowance:
    return Allowance(clock or ManualClock(), lambda: (figure, factor), lambda capacity: f"{capacity:g} are enough.")


def taken(allowed: Allowance, key: str = "ann") -> int:
    """How many units `key` can take right now."""
    count = 0
    while allowed.take(key) is None:
        count += 1
    return count


def test_each_has_an_allowance_and_is_told_when_there_is_more() -> None:
    allowed = allowance(10, 2)
    assert (taken(allowed, "ann"), taken(allowed, "bob")) == (20, 20)
    refusal = allowed.take("ann")
    assert refusal is not None
    assert (refusal.code, refusal.message, refusal.retry_after_ms) == ("RATE_LIMIT_EXCEEDED", "20 are enough.", 3_000)


def test_what_costs_more_than_is_left_is_let_through_once() -> None:
    allowed = allowance(10)
    assert allowed.take("ann", 9) is None
    assert allowed.take("ann", 50) is None
    assert allowed.take("ann") is not None


def test_what_is_given_back_can_be_taken_again() -> None:
    allowed = allowance(10)
    assert taken(allowed) == 10
    allowed.give_back("ann", 2)
    assert taken(allowed) == 2


async def test_giving_back_never_makes_more_than_the_limit() -> None:
    """The units are given back after they have already been refilled."""
    clock = ManualClock()
    allowed = allowance(10, clock=clock)
    assert allowed.take("ann", 3) is None
    await clock.advance(12)
    allowed.give_back("ann", 3)
    assert taken(allowed) == 10


def test_another_figure_begins_with_full_buckets() -> None:
    figure = 10.0
    allowed = Allowance(ManualClock(), lambda: (figure, 1), str)
    assert taken(allowed) == 10
    figure = 5.0
    assert taken(allowed) == 5


def test_without_a_limit_nothing_is_counted() -> None:
    allowed = allowance(10, 0)
    assert all(allowed.take("ann") is None for _ in range(100))
    allowed.give_back("ann")


# ── buckets of one key at several nodes ─────────────────────────────────────────────────────────────────────────────


def test_a_bucket_counts_what_it_took_here() -> None:
    bucket = TokenBucket(60, now=0.0)
    bucket.take(0.0, 5)
    bucket.take_elsewhere(0.0, 7)
    assert bucket.taken == 5
    assert bucket.debt(0.0) == 12


def test_a_bucket_owes_at_least_what_another_one_lacks_however_often_it_is_told() -> None:
    bucket = TokenBucket(60, now=0.0)
    bucket.take(0.0, 5)
    bucket.owe(0.0, 20)
    bucket.owe(0.0, 20)
    bucket.owe(0.0, 3)
    assert bucket.debt(0.0) == 20


@given(capacity=st.floats(1, 100_000), units=st.floats(0, 1e6))
def test_after_the_stated_seconds_a_bucket_lacks_nothing(capacity: float, units: float) -> None:
    bucket = TokenBucket(capacity, now=0.0)
    bucket.take(0.0, units)
    assert bucket.debt(bucket.full_in_s(0.0) * (1 + 1e-9)) < 1e-6 * capacity


def test_the_buckets_used_since_a_time_are_found_without_the_others() -> None:
    buckets = Buckets(10)
    for at_s, key in enumerate(["ann", "bob", "cid", "ann"]):
        buckets.bucket(key, at_s).take(at_s, 1)
    assert [key for key, _ in buckets.used_since(2)] == ["ann", "cid"]


def test_looking_for_a_bucket_makes_none() -> None:
    buckets = Buckets(10)
    assert buckets.find("ann") is None
    assert len(buckets) == 0
