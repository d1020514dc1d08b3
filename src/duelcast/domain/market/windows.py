"""Volumes over sliding windows, and the balance of buying and selling in them (protocol §3).

A window consists of the current bucket and a number of buckets before it. A trade counts in the bucket of its own time,
and leaves the window with that bucket. Only buckets with trades are kept, in arrays of machine numbers, and each window
has running sums, so that adding a trade and removing a bucket cost the same whatever the length of the window. A trade
that belongs to an earlier bucket than the last one costs a search and, if its bucket is new, moves the later buckets.

Running sums of floats drift, and would leave residues in an empty window. The sums are therefore integers in units of
2^-64 of the quote currency, so that removing a bucket subtracts exactly what was added when the bucket became complete.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from duelcast.domain.market.events import Interval, VolumeTrend

Side = Literal["buy", "sell"]

SECOND_SPANS: Mapping[Interval, int] = {"1m": 60, "5m": 300, "15m": 900}
MINUTE_SPANS: Mapping[Interval, int] = {"1h": 60, "4h": 240, "1d": 1_440}
INTERVALS: tuple[Interval, ...] = (*SECOND_SPANS, *MINUTE_SPANS)
TREND_SPAN_S = 1_800
"""The last 15 minutes and the 15 before them."""

_UNITS_PER_ONE = 1 << 64
_SCALE = float(_UNITS_PER_ONE)


class Totals(NamedTuple):
    """The contents of a window; amounts are in the quote currency. Trades without a side count in neither `buy` nor
    `sell`."""

    volume: float
    trades: int
    buy: float
    sell: float


NOTHING = Totals(0.0, 0, 0.0, 0.0)


def _units(amount: float) -> int:
    return int(amount * _SCALE)


class _Sum:
    """The running sums of one window over its complete buckets; `first` is the index of the oldest of these buckets."""

    __slots__ = ("buy", "first", "sell", "span", "trades", "volume")

    def __init__(self, span: int) -> None:
        self.span = span
        self.first = 0
        self.volume = 0
        self.trades = 0
        self.buy = 0
        self.sell = 0

    def add(self, sign: int, bucket: Totals) -> None:
        """Add `bucket` (`sign` 1) or subtract it (−1)."""
        self.volume += sign * _units(bucket.volume)
        self.trades += sign * bucket.trades
        self.buy += sign * _units(bucket.buy)
        self.sell += sign * _units(bucket.sell)

    def with_current(self, current: Totals) -> Totals:
        """The sums including `current`, the bucket that is still growing."""
        return Totals(
            (self.volume + _units(current.volume)) / _UNITS_PER_ONE,
            self.trades + current.trades,
            (self.buy + _units(current.buy)) / _UNITS_PER_ONE,
            (self.sell + _units(current.sell)) / _UNITS_PER_ONE,
        )


class BucketSeries:
    """Trades in buckets of `width_s` seconds, and their sums over windows of `spans` buckets.

    Bucket n covers the epoch time from n·width_s to before (n + 1)·width_s. No more buckets are kept than the longest
    window has. `now_s` must not go back, but trades need not be added in the order of their times.
    """

    __slots__ = ("_buy", "_index", "_keep", "_sell", "_sums", "_trades", "_volume", "_width_s")

    def __init__(self, width_s: int, spans: Sequence[int]) -> None:
        self._width_s = width_s
        self._keep = max(spans)
        self._sums = {span: _Sum(span) for span in spans}
        self._index = array("q")
        self._volume = array("d")
        self._trades = array("q")
        self._buy = array("d")
        self._sell = array("d")

    def __len__(self) -> int:
        return len(self._index)

    def add(self, now_s: float, traded_s: float, volume: float, side: Side | None) -> bool:
        """Count a trade of `volume` in the quote currency at `traded_s`, which is not after `now_s`; returns False and
        counts nothing if `traded_s` is before the longest window."""
        bucket, current = int(traded_s // self._width_s), int(now_s // self._width_s)
        if bucket <= current - self._keep:
            return False
        if not self._index or bucket > self._index[-1]:
            self._open(bucket)
        if bucket == self._index[-1]:
            self._grow(-1, volume, side)
        else:
            self._grow_complete(bucket, volume, side)
        if len(self._index) > self._keep or self._index[0] <= current - 2 * self._keep:
            self._trim(current)
        return True

    def totals(self, span: int, now_s: float) -> Totals:
        """The contents at `now_s` of the window of `span` buckets, which must be one of the `spans` of the
        constructor."""
        bucket = int(now_s // self._width_s)
        window = self._sums[span]
        self._expire(window, bucket)
        current_counts = bool(self._index) and self._index[-1] > bucket - span
        return window.with_current(self._bucket(-1) if current_counts else NOTHING)

    def next_exit_s(self, spans: Sequence[int], now_s: float) -> float | None:
        """The time at which the next bucket leaves one of the windows, in epoch seconds; None if all of them are
        empty."""
        bucket = int(now_s // self._width_s)
        exits = []
        for span in spans:
            window = self._sums[span]
            self._expire(window, bucket)
            if self._index and self._index[-1] > bucket - span:
                exits.append(self._index[window.first] + span)
        return float(min(exits) * self._width_s) if exits else None

    def _bucket(self, place: int) -> Totals:
        return Totals(self._volume[place], self._trades[place], self._buy[place], self._sell[place])

    def _grow(self, place: int, volume: float, side: Side | None) -> None:
        self._volume[place] += volume
        self._trades[place] += 1
        if side == "buy":
            self._buy[place] += volume
        elif side == "sell":
            self._sell[place] += volume

    def _grow_complete(self, bucket: int, volume: float, side: Side | None) -> None:
        """Count a trade in a bucket before the last one, and in the sums of the windows that the bucket has not
        left."""
        place = bisect_left(self._index, bucket)
        if self._index[place] != bucket:
            self._insert(place, bucket)
        before = self._bucket(place)
        self._grow(place, volume, side)
        after = self._bucket(place)
        for window in self._sums.values():
            if place >= window.first:
                window.add(-1, before)
                window.add(1, after)

    def _insert(self, place: int, bucket: int) -> None:
        self._index.insert(place, bucket)
        self._trades.insert(place, 0)
        for amounts in (self._volume, self._buy, self._sell):
            amounts.insert(place, 0.0)
        for window in self._sums.values():
            # If a newer bucket has already left a window, the inserted bucket does not count in that window either.
            # Otherwise, if it is too old, the next `_expire` removes it.
            window.first += place < window.first

    def _open(self, bucket: int) -> None:
        if self._index:
            complete = self._bucket(-1)
            for window in self._sums.values():
                window.add(1, complete)
        self._index.append(bucket)
        self._trades.append(0)
        for amounts in (self._volume, self._buy, self._sell):
            amounts.append(0.0)

    def _expire(self, window: _Sum, bucket: int) -> None:
        """Remove from `window` the buckets that have left it when `bucket` is the current one."""
        oldest = bucket - window.span + 1
        complete = len(self._index) - 1
        while window.first < complete and self._index[window.first] < oldest:
            window.add(-1, self._bucket(window.first))
            window.first += 1

    def _trim(self, bucket: int) -> None:
        gone = bisect_left(self._index, bucket - self._keep + 1)
        for window in self._sums.values():
            self._expire(window, bucket)
            window.first -= gone
        for column in (self._index, self._volume, self._trades, self._buy, self._sell):
            del column[:gone]


class TradeWindows:
    """All windows of one symbol."""

    __slots__ = ("_minutes", "_seconds")

    def __init__(self) -> None:
        self._seconds = BucketSeries(1, (*SECOND_SPANS.values(), TREND_SPAN_S))
        self._minutes = BucketSeries(60, tuple(MINUTE_SPANS.values()))

    def add(self, now_s: float, traded_s: float, volume: float, side: Side | None) -> bool:
        """Count a trade of `volume` in the quote currency at `traded_s`, which is not after `now_s`; returns False if
        `traded_s` is before every window."""
        self._seconds.add(now_s, traded_s, volume, side)
        return self._minutes.add(now_s, traded_s, volume, side)

    def totals(self, interval: Interval, now_s: float) -> Totals:
        """The contents of the window of `interval` at `now_s`."""
        if interval in SECOND_SPANS:
            return self._seconds.totals(SECOND_SPANS[interval], now_s)
        return self._minutes.totals(MINUTE_SPANS[interval], now_s)

    def trend_totals(self, now_s: float) -> Totals:
        """The contents of the last 30 minutes at `now_s`."""
        return self._seconds.totals(TREND_SPAN_S, now_s)

    def next_exit_s(self, now_s: float) -> float | None:
        """The time at which the next trades leave one of the windows, in epoch seconds; None if no trade is left."""
        exits = (
            self._seconds.next_exit_s(tuple(SECOND_SPANS.values()), now_s),
            self._minutes.next_exit_s(tuple(MINUTE_SPANS.values()), now_s),
        )
        return min((exit_s for exit_s in exits if exit_s is not None), default=None)


# ── sentiment ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Balance(NamedTuple):
    """`buy_pressure` and `sell_pressure` are shares of the volume, 0…1; `score` is their difference, −1…1."""

    score: float
    buy_pressure: float
    sell_pressure: float
    trend: VolumeTrend


NEUTRAL = Balance(0.0, 0.0, 0.0, "stable")


def volume_trend(last: float, before: float) -> VolumeTrend:
    """The trend between two volumes. Exactly 10 % more or less is still `stable`."""
    if last * 10 > before * 11:
        return "increasing"
    return "decreasing" if last * 10 < before * 9 else "stable"


def balance(last: Totals, volume_before: float) -> Balance:
    """The balance of the last 15 minutes, and the trend compared with `volume_before`, the volume of the 15 minutes
    before those."""
    trend = volume_trend(last.volume, volume_before)
    if last.volume == 0:
        return NEUTRAL._replace(trend=trend)
    buy_pressure = last.buy / last.volume
    sell_pressure = last.sell / last.volume
    return Balance(buy_pressure - sell_pressure, buy_pressure, sell_pressure, trend)


def balance_of(windows: TradeWindows, now_s: float) -> Balance:
    """The balance of a symbol at `now_s` (epoch seconds)."""
    last = windows.totals("15m", now_s)
    return balance(last, windows.trend_totals(now_s).volume - last.volume)
