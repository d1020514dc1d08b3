"""Minute rows: figures of the day, history, bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.market.candles import MINUTES_KEPT, Candle, MinuteRows, Row, by_interval, candle

DAY_S = 86_400
START_S = 20_000 * DAY_S  # 2024-10-04T00:00:00Z


def rows_of(*prices: tuple[float, float]) -> MinuteRows:
    """Rows of (seconds after the start, price)."""
    rows = MinuteRows()
    for after_s, price in prices:
        rows.add(START_S + after_s, price)
    return rows


def test_a_minute_has_its_first_highest_lowest_and_last_price() -> None:
    rows = rows_of((0, 5.0), (10, 9.0), (20, 2.0), (59.9, 4.0), (60, 7.0))
    assert [candle(row) for row in rows.rows(START_S + 60)] == [
        Candle(timestamp="2024-10-04T00:00:00.000Z", open=5.0, high=9.0, low=2.0, close=4.0),
        Candle(timestamp="2024-10-04T00:01:00.000Z", open=7.0, high=7.0, low=7.0, close=7.0),
    ]


def test_longer_candles_are_aligned_and_made_of_their_minutes() -> None:
    rows = rows_of((4 * 60, 5.0), (5 * 60, 6.0), (6 * 60, 9.0), (8 * 60, 1.0), (9 * 60, 3.0), (10 * 60, 8.0))
    start = START_S // 60
    assert by_interval(rows.rows(START_S + 600), 5) == [
        Row(start, 5.0, 5.0, 5.0, 5.0),
        Row(start + 5, 6.0, 9.0, 1.0, 3.0),
        Row(start + 10, 8.0, 8.0, 8.0, 8.0),
    ]


def test_the_change_is_unknown_until_the_price_at_the_beginning_of_the_day_is_known() -> None:
    rows = rows_of((0, 10.0), (3_600, 15.0))
    assert rows.change(START_S + DAY_S - 1) is None
    assert rows.change(START_S + DAY_S) == 50.0


def test_high_and_low_leave_the_day_with_their_minute() -> None:
    rows = rows_of((0, 100.0), (60, 1.0), (120, 10.0))
    assert rows.extremes(START_S + DAY_S - 1) == (100.0, 1.0)
    assert rows.extremes(START_S + DAY_S) == (10.0, 1.0)
    assert rows.extremes(START_S + DAY_S + 60) == (10.0, 10.0)


def test_a_price_that_stood_still_for_a_day_has_not_changed() -> None:
    rows = rows_of((0, 10.0))
    assert rows.change(START_S + 3 * DAY_S) == 0.0
    assert rows.extremes(START_S + 3 * DAY_S) == (10.0, 10.0)


def test_without_a_price_there_is_no_change() -> None:
    assert MinuteRows().change(START_S) is None


def test_at_most_a_day_of_minutes_is_kept() -> None:
    rows = MinuteRows()
    for minute in range(MINUTES_KEPT + 100):
        rows.add(START_S + minute * 60, 1.0 + minute)
        assert len(rows) <= MINUTES_KEPT
    assert len(list(rows.rows(START_S + (MINUTES_KEPT + 99) * 60))) == MINUTES_KEPT


prices = st.floats(1e-9, 1e9)
gaps_s = st.one_of(st.sampled_from([0.0, 30.0, 60.0, 3_600.0, 86_340.0, 86_400.0]), st.floats(0, 50_000))


@given(st.lists(st.tuples(gaps_s, prices, st.booleans()), min_size=1, max_size=50), gaps_s)
def test_the_day_equals_a_recount_of_all_prices(steps: list[tuple[float, float, bool]], last_gap_s: float) -> None:
    rows = MinuteRows()
    seen: list[tuple[float, float]] = []
    now_s = float(START_S)
    for gap_s, price, ask in steps:
        now_s += gap_s
        rows.add(now_s, price)
        seen.append((now_s, price))
        if ask:
            assert_recount(rows, seen, now_s)
    assert_recount(rows, seen, now_s + last_gap_s)


@given(st.lists(st.tuples(gaps_s, prices), min_size=1, max_size=50), gaps_s)
def test_the_closes_of_a_day_equal_a_recount_of_all_prices(steps: list[tuple[float, float]], last_gap_s: float) -> None:
    rows = MinuteRows()
    seen: list[tuple[float, float]] = []
    now_s = float(START_S)
    for gap_s, price in steps:
        now_s += gap_s
        rows.add(now_s, price)
        seen.append((now_s, price))
    now_s += last_gap_s
    last = int(now_s // 900)
    ends_s = [(quarter + 1) * 900 for quarter in range(last - 95, last + 1)]
    expected = [[price for at_s, price in seen if at_s < end_s] for end_s in ends_s]
    assert rows.closes(now_s, 15) == [before[-1] for before in expected if before]


def test_without_a_price_there_are_no_closes() -> None:
    assert MinuteRows().closes(START_S, 15) == []


def assert_recount(rows: MinuteRows, seen: list[tuple[float, float]], now_s: float) -> None:
    oldest = now_s // 60 - MINUTES_KEPT + 1
    inside = [price for at_s, price in seen if at_s // 60 >= oldest]
    before = [price for at_s, price in seen if at_s // 60 < oldest]
    newest = seen[-1][1]
    assert rows.extremes(now_s) == (max(inside, default=newest), min(inside, default=newest))
    if before and inside:
        assert rows.change(now_s) == pytest.approx((newest - before[-1]) / before[-1] * 100)
    else:
        assert rows.change(now_s) == (0.0 if before else None)
