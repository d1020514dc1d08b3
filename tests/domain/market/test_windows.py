"""Windows by bucket: exact at their edges, exact in their sums, bounded in memory."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.market.events import Interval
from duelcast.domain.market.windows import (
    INTERVALS,
    MINUTE_SPANS,
    NOTHING,
    SECOND_SPANS,
    BucketSeries,
    Side,
    TradeWindows,
)

DAY_S = 86_400
START_S = 20_000 * DAY_S


class Trade(NamedTuple):
    at_s: float
    volume: float
    side: Side | None


gaps_s = st.one_of(
    st.sampled_from([0.0, 0.25, 1.0, 59.0, 60.0, 300.0, 899.0, 900.0, 901.0, 3_600.0, 14_400.0, 86_399.0, 86_400.0]),
    st.floats(0, 100_000),
)
amounts = st.floats(1e-3, 1e12)
sides = st.sampled_from(["buy", "sell", None])


def width_and_span(interval: Interval) -> tuple[int, int]:
    return (1, SECOND_SPANS[interval]) if interval in SECOND_SPANS else (60, MINUTE_SPANS[interval])


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_trade_counts_to_the_last_moment_of_its_last_bucket_and_not_at_its_end(interval: Interval) -> None:
    width_s, span = width_and_span(interval)
    windows = TradeWindows()
    windows.add(START_S + width_s * 0.5, START_S + width_s * 0.5, 5.0, "buy")
    end_s = START_S + width_s * span
    assert windows.totals(interval, math.nextafter(end_s, 0)).volume == 5.0
    assert windows.totals(interval, end_s) == NOTHING


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_next_exit_is_the_moment_at_which_the_window_changes(interval: Interval) -> None:
    width_s, span = width_and_span(interval)
    series = BucketSeries(width_s, (span,))
    series.add(START_S + 0.5, START_S + 0.5, 5.0, None)
    series.add(START_S + width_s, START_S + width_s, 7.0, None)
    first_exit_s = series.next_exit_s((span,), START_S + width_s)
    assert first_exit_s == START_S + width_s * span
    assert series.totals(span, first_exit_s).volume == 7.0
    assert series.next_exit_s((span,), first_exit_s) == first_exit_s + width_s
    assert series.next_exit_s((span,), first_exit_s + width_s) is None


def test_the_takers_side_decides_and_a_trade_without_side_counts_in_volume_and_number_alone() -> None:
    windows = TradeWindows()
    windows.add(START_S, START_S, 1.0, "buy")
    windows.add(START_S, START_S, 2.0, "sell")
    windows.add(START_S, START_S, 4.0, None)
    assert windows.totals("1m", START_S) == (7.0, 3, 1.0, 2.0)


def test_an_empty_window_is_exactly_zero_after_sums_that_floats_cannot_hold() -> None:
    windows = TradeWindows()
    for second in range(200):
        windows.add(START_S + second, START_S + second, 0.1 if second % 2 else 1e15 / 3, "buy")
    totals = windows.totals("1m", START_S + 260)
    assert totals == NOTHING
    assert math.copysign(1, totals.volume) == 1


@given(
    st.lists(st.tuples(gaps_s, st.one_of(st.just(0.0), gaps_s), amounts, sides), max_size=60),
    st.sets(st.integers(0, 59)),
    gaps_s,
)
def test_windows_equal_a_recount_of_all_trades_by_their_own_times(
    steps: list[tuple[float, float, float, Side | None]], asked_after: set[int], last_gap_s: float
) -> None:
    windows = TradeWindows()
    trades: list[Trade] = []
    now_s = float(START_S)
    for number, (gap_s, age_s, volume, side) in enumerate(steps):
        now_s += gap_s
        windows.add(now_s, now_s - age_s, volume, side)
        trades.append(Trade(now_s - age_s, volume, side))
        if number in asked_after:
            assert_recount(windows, trades, now_s)
    assert_recount(windows, trades, now_s + last_gap_s)


def assert_recount(windows: TradeWindows, trades: list[Trade], now_s: float) -> None:
    for interval in INTERVALS:
        width_s, span = width_and_span(interval)
        inside = [trade for trade in trades if now_s // width_s - span < trade.at_s // width_s]
        totals = windows.totals(interval, now_s)
        assert totals.trades == len(inside)
        assert totals.volume == pytest.approx(math.fsum(trade.volume for trade in inside), rel=1e-14)
        for side, sum_of_side in (("buy", totals.buy), ("sell", totals.sell)):
            expected = math.fsum(trade.volume for trade in inside if trade.side == side)
            assert sum_of_side == pytest.approx(expected, rel=1e-14)
        assert totals.buy <= totals.volume
        assert totals.sell <= totals.volume


def test_not_more_buckets_are_kept_than_the_longest_window_has() -> None:
    series = BucketSeries(1, (10, 30))
    for second in range(500):
        series.add(START_S + second, START_S + second, 1.0, None)
        assert len(series) <= 30
    assert series.totals(30, START_S + 499).trades == 30
    assert series.totals(10, START_S + 499).trades == 10


def test_trades_that_come_in_any_order_keep_no_more_buckets_either() -> None:
    series = BucketSeries(1, (10, 30))
    for now in range(0, 500, 7):
        for age in (29, 3, 17, 0, 28, 9, 1):
            assert series.add(START_S + now, START_S + now - age, 1.0, None)
            assert len(series) <= 30


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_trade_that_comes_late_counts_in_the_windows_that_hold_its_own_time(interval: Interval) -> None:
    width_s, span = width_and_span(interval)
    windows = TradeWindows()
    windows.add(START_S, START_S, 1.0, "buy")
    windows.add(START_S, START_S - width_s * (span - 1), 2.0, "sell")
    windows.add(START_S, START_S - width_s * span, 4.0, "sell")
    assert windows.totals(interval, START_S) == (3.0, 2, 1.0, 2.0)


def test_a_trade_before_all_windows_counts_nowhere() -> None:
    windows = TradeWindows()
    assert not windows.add(START_S, START_S - 60 * 3_600, 1.0, "buy")
    assert {windows.totals(interval, START_S) for interval in INTERVALS} == {NOTHING}
    assert windows.next_exit_s(START_S) is None
