"""Publishes volumes and sentiment of traded symbols, at each full interval."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.market.book import BookEntry
from duelcast.domain.market.events import MARKET, Interval, MarketVolume, Volume
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.windows import INTERVALS, NOTHING, Totals, TradeWindows, balance_of
from duelcast.wire.timestamps import format_time

_SYMBOLS_PER_TURN = 50
"""Publishing this many takes about 5 ms; then other tasks run."""
_TOLERANCE_S = 1e-6
"""More than the distance between epoch seconds as floats, which is 2.4e-7."""


class Boundaries:
    """The multiples of `interval_ms()` in times of receipt, one after the other; missed ones are skipped.

    Windows change at the boundaries of their buckets, so a job that runs at these multiples publishes a change when it
    happens. An interval below 1 ms counts as 1 ms.
    """

    def __init__(self, clock: Clock, receipt: ReceiptTime, interval_ms: Callable[[], int]) -> None:
        self._clock = clock
        self._receipt = receipt
        self._interval_ms = interval_ms
        self._last_s = 0.0

    async def next(self) -> float:
        """Wait for the next boundary; returns it, or the present time if that is later, in epoch seconds."""
        interval_s = max(self._interval_ms(), 1) / 1000
        now_s = self._receipt.now_s()
        due_s = (now_s // interval_s + 1) * interval_s
        if due_s <= self._last_s + _TOLERANCE_S:
            due_s += interval_s
        while due_s - now_s > _TOLERANCE_S:
            await self._clock.sleep(self._receipt.seconds_until(due_s))
            now_s = self._receipt.now_s()
        self._last_s = due_s
        return max(due_s, now_s)


class _Traded:
    """The last published values of a symbol, and when its next trades leave a window (epoch seconds)."""

    __slots__ = ("entry", "has_new_trade", "next_exit_s", "published", "windows")

    def __init__(self, entry: BookEntry, windows: TradeWindows) -> None:
        self.entry = entry
        self.windows = windows
        self.has_new_trade = True
        self.next_exit_s: float | None = None
        self.published: dict[Interval, Totals] = dict.fromkeys(INTERVALS, NOTHING)

    def is_due(self, now_s: float) -> bool:
        return self.has_new_trade or (self.next_exit_s is not None and self.next_exit_s <= now_s)


class TradeBoard:
    """Publishes the windows that changed and, less often, the balance of buying and selling."""

    def __init__(
        self,
        publisher: Publisher,
        clock: Clock,
        receipt: ReceiptTime,
        outlet: MarketOutlet,
        settings: Callable[[], MarketSettings],
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._outlet = outlet
        self._volume_boundaries = Boundaries(clock, receipt, lambda: settings().volume_interval_ms)
        self._sentiment_boundaries = Boundaries(clock, receipt, lambda: settings().sentiment_interval_ms)
        self._traded: dict[str, _Traded] = {}
        self._balanced: dict[str, _Traded] = {}

    def traded(self, entry: BookEntry, windows: TradeWindows) -> None:
        """Call this after a trade of `entry` was added to its `windows`."""
        traded = self._traded.get(entry.symbol)
        if traded is None:
            traded = self._traded[entry.symbol] = _Traded(entry, windows)
        traded.has_new_trade = True
        self._balanced[entry.symbol] = traded

    async def run_volumes(self) -> None:
        """Publish, at each full interval, the volumes that changed because trades entered or left a window."""
        while True:
            now_s = await self._volume_boundaries.next()
            due = [traded for traded in self._traded.values() if traded.is_due(now_s)]
            for count, traded in enumerate(due, start=1):
                self._publish_volumes(traded, now_s)
                if count % _SYMBOLS_PER_TURN == 0:
                    await self._clock.sleep(0)

    async def run_sentiment(self) -> None:
        """Publish, at each full interval, the balances that changed."""
        while True:
            now_s = await self._sentiment_boundaries.next()
            for count, (symbol, traded) in enumerate(list(self._balanced.items()), start=1):
                self._outlet.push_balance(symbol, balance_of(traded.windows, now_s), now_s)
                if traded.windows.trend_totals(now_s).trades == 0:
                    del self._balanced[symbol]
                if count % _SYMBOLS_PER_TURN == 0:
                    await self._clock.sleep(0)

    def _publish_volumes(self, traded: _Traded, now_s: float) -> None:
        entry = traded.entry
        timestamp = format_time(entry.trade_s if traded.has_new_trade else now_s)
        channel = MARKET.channel(entry.symbol)
        for interval in INTERVALS:
            totals = traded.windows.totals(interval, now_s)
            if totals != traded.published[interval]:
                traded.published[interval] = totals
                self._publisher.publish(channel, MarketVolume(data=_volume(entry.symbol, interval, totals, timestamp)))
        if not traded.has_new_trade:
            self._outlet.token_changed(entry)
        traded.has_new_trade = False
        traded.next_exit_s = traded.windows.next_exit_s(now_s)


def _volume(symbol: str, interval: Interval, totals: Totals, timestamp: str) -> Volume:
    return Volume(
        symbol=symbol,
        volume=totals.volume,
        trades_count=totals.trades,
        buy_volume=totals.buy,
        sell_volume=totals.sell,
        interval=interval,
        timestamp=timestamp,
    )
