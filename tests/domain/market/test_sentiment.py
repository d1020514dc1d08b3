"""The formula of sentiment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.market.events import VolumeTrend
from duelcast.domain.market.windows import (
    NEUTRAL,
    NOTHING,
    Side,
    Totals,
    TradeWindows,
    balance,
    balance_of,
    volume_trend,
)

START_S = 1_728_000_000.0


@pytest.mark.parametrize(
    ("last", "before", "trend"),
    [
        (0.0, 0.0, "stable"),
        (1.0, 0.0, "increasing"),
        (0.0, 1.0, "decreasing"),
        (110.0, 100.0, "stable"),
        (110.1, 100.0, "increasing"),
        (90.0, 100.0, "stable"),
        (89.9, 100.0, "decreasing"),
    ],
)
def test_the_trend_is_stable_to_ten_percent_either_way(last: float, before: float, trend: VolumeTrend) -> None:
    assert volume_trend(last, before) == trend


def test_pressures_are_shares_of_the_volume_and_the_score_their_difference() -> None:
    assert balance(Totals(8.0, 3, 4.0, 2.0), 8.0) == (0.25, 0.5, 0.25, "stable")


def test_without_trades_all_is_zero_and_only_the_trend_may_speak() -> None:
    assert balance(NOTHING, 0.0) == NEUTRAL
    assert balance(NOTHING, 5.0) == (0.0, 0.0, 0.0, "decreasing")


def test_the_trend_compares_the_last_fifteen_minutes_with_the_fifteen_before() -> None:
    windows = TradeWindows()
    windows.add(START_S, START_S, 100.0, "buy")
    assert balance_of(windows, START_S + 899) == (1.0, 1.0, 0.0, "increasing")
    windows.add(START_S + 900, START_S + 900, 50.0, "sell")
    assert balance_of(windows, START_S + 900) == (-1.0, 0.0, 1.0, "decreasing")
    assert balance_of(windows, START_S + 1_799) == (-1.0, 0.0, 1.0, "decreasing")
    assert balance_of(windows, START_S + 1_800) == (0.0, 0.0, 0.0, "decreasing")
    assert balance_of(windows, START_S + 2_700) == NEUTRAL


@given(
    st.lists(
        st.tuples(st.floats(0, 400), st.floats(1e-30, 1e30), st.sampled_from(["buy", "sell", None])),
        min_size=1,
        max_size=40,
    )
)
def test_score_and_pressures_stay_in_their_bounds(steps: list[tuple[float, float, Side | None]]) -> None:
    windows = TradeWindows()
    now_s = START_S
    for gap_s, volume, side in steps:
        now_s += gap_s
        windows.add(now_s, now_s, volume, side)
        score, buy, sell, _ = balance_of(windows, now_s)
        assert -1 <= score <= 1
        assert 0 <= buy <= 1
        assert 0 <= sell <= 1
