"""The balance of buying and selling (protocol 3)."""

from __future__ import annotations

from typing import NamedTuple

from duelcast.domain.market.events import VolumeTrend
from duelcast.domain.market.windows import Totals, TradeWindows


class Balance(NamedTuple):
    """`buy_pressure` and `sell_pressure` are shares of the volume, 0…1; `score` is their difference, −1…1."""

    score: float
    buy_pressure: float
    sell_pressure: float
    trend: VolumeTrend


NEUTRAL = Balance(0.0, 0.0, 0.0, "stable")


def volume_trend(last: float, before: float) -> VolumeTrend:
    """Compares two volumes. Exactly 10 % more or less is still `stable`."""
    if last * 10 > before * 11:
        return "increasing"
    return "decreasing" if last * 10 < before * 9 else "stable"


def balance(last: Totals, volume_before: float) -> Balance:
    """The balance of the last 15 minutes, and the trend against `volume_before`, that of the 15 minutes before."""
    trend = volume_trend(last.volume, volume_before)
    if last.volume == 0:
        return NEUTRAL._replace(trend=trend)
    buy_pressure = last.buy / last.volume
    sell_pressure = last.sell / last.volume
    return Balance(buy_pressure - sell_pressure, buy_pressure, sell_pressure, trend)


def balance_of(windows: TradeWindows, now_s: float) -> Balance:
    """The balance of a symbol at `now_s`, epoch seconds."""
    last = windows.totals("15m", now_s)
    return balance(last, windows.trend_totals(now_s).volume - last.volume)
